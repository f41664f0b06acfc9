/** SHA-256 of model.safetensors, by model id: other weights would give other encodings under the same id. */
export const modelChecksums: Record<string, string> = {
  "everyline-hsa-54m-1": "823dd32ab13dee997f3e7a8e1856fb0b4b36ec958d395aeb2762a565d18ddf80",
};
