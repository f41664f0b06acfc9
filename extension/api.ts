/** What activate() returns: for tests, and for other extensions that want to ask. */
import type { OfferedMember } from "../server/complete/types.ts";
import type { MemoryStatus } from "../server/memory/types.ts";
import type { LocatedAnswer, MembersParams } from "../server/protocol.ts";
import type { Source } from "./source.ts";

export interface EverylineApi {
  /** Asks as the Ask view does, and shows the sources. Composed from the evidence; no chat model takes part. */
  ask(question: string): Promise<LocatedAnswer>;
  /** The memories of the opened folders, asked of the server now. */
  status(): Promise<MemoryStatus[]>;
  /** What the Sources tree shows. */
  sources(): readonly Source[];
  /** What a language's own extension offers behind the receiver that ends at a place. */
  membersAt(place: MembersParams): Promise<OfferedMember[]>;
}
