/** A short piece of code in each of many languages, for tests of the tokenizer and the word index. */
export const LANGUAGES: Record<string, string> = {
  typescript: `export async function* readLines(path: string, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    if (signal?.aborted) return;
    yield* chunk.split(/\\r?\\n/u).map((l) => \`\${l.trim()} – \${l.length * 2 ** 3}\`);
  }
}
`,
  tsx: `export const Badge = ({ count = 0, ...rest }: Props) => (
  <span className={styles["badge--big"]} aria-label={t("inbox.unread", { count })} {...rest}>
    {count > 99 ? "99+" : count}&nbsp;<a href="#top">↑</a>
  </span>
);
`,
  python: `@dataclass(frozen=True)
class HTTPServerConfig:
    """Where the server listens; \`host\` may be an IPv6 address."""
    host: str = "::1"
    port: int = 8_080

    def url(self, *, secure=False) -> str:
        return f"http{'s' if secure else ''}://{self.host}:{self.port!r}/"  # noqa: E501
`,
  go: `func (r *Ring[T]) Push(v T) (err error) {
\tr.mu.Lock()
\tdefer r.mu.Unlock()
\tif r.size == len(r.buf) {
\t\treturn fmt.Errorf("ring: %w (cap=%d)", ErrFull, cap(r.buf))
\t}
\tr.buf[(r.head+r.size)%len(r.buf)] = v
\tr.size++
\treturn nil
}
`,
  rust: `impl<'a, T: Iterator<Item = &'a str>> Lexer<'a, T> {
    pub fn next_token(&mut self) -> Option<Result<Token<'a>, ParseError>> {
        match self.chars.peek()? {
            '0'..='9' | '_' => Some(self.number(0xFF_u8, 1e-9_f64)),
            c if c.is_whitespace() => { self.chars.next(); None }
            _ => unsafe { std::hint::unreachable_unchecked() },
        }
    }
}
`,
  c: `#define ALIGN_UP(x, a) (((x) + ((a) - 1)) & ~((a) - 1))
static int utf8_decode(const unsigned char *s, size_t n, uint32_t *cp)
{
\tif (n < 2 || (s[0] & 0xE0) != 0xC0 || (s[1] >> 6) != 2)
\t\treturn -EILSEQ;
\t*cp = (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F); /* two bytes */
\treturn *cp >= 0x80 ? 2 : -1;
}
`,
  cpp: `template <typename Key, typename Value, class Hash = std::hash<Key>>
class FlatMap final : public Base<Key> {
 public:
  [[nodiscard]] constexpr auto find(const Key& key) const noexcept -> std::optional<Value>;
  FlatMap(FlatMap&&) = default;
  static constexpr std::size_t kMinCapacity{1u << 4};
};
`,
  java: `public final class LruCache<K, V> extends LinkedHashMap<K, V> {
    private static final float LOAD_FACTOR = 0.75f;
    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > maxEntries && !pinned.contains(eldest.getKey()); // O(1)
    }
}
`,
  kotlin: `sealed interface UiState {
    data class Loaded(val items: List<Item>, val nextPage: Int? = null) : UiState
    object Loading : UiState
}
suspend inline fun <reified T> HttpClient.getOrNull(url: String): T? = runCatching { get<T>(url) }.getOrNull()
`,
  ruby: `class Order < ApplicationRecord
  scope :recent, -> { where("created_at > ?", 7.days.ago).order(created_at: :desc) }
  validates :e_mail, format: { with: /\\A[^@\\s]+@[^@\\s]+\\z/ }, unless: :guest?
  def total = line_items.sum { |i| i.price_cents * i.qty } / 100.0
end
`,
  php: `<?php
final class Router implements RequestHandlerInterface {
    public function __construct(private array $routes = [], private ?LoggerInterface $log = null) {}
    public function handle(ServerRequestInterface $request): ResponseInterface {
        foreach ($this->routes as $pattern => [$method, $handler]) {
            if (preg_match("#^{$pattern}$#u", $request->getUri()->getPath(), $m)) return $handler($request, ...$m);
        }
        throw new NotFoundException("404 – nichts gefunden: {$request->getUri()}");
    }
}
`,
  swift: `@MainActor
final class SearchModel: ObservableObject {
    @Published private(set) var results: [Result<Hit, Error>] = []
    func search(_ query: String) async throws {
        guard !query.isEmpty else { return }
        results = try await index.hits(for: query.lowercased(), limit: 1_000).map { .success($0) }
    }
}
`,
  csharp: `public record Point(double X, double Y)
{
    public static Point operator +(Point a, Point b) => new(a.X + b.X, a.Y + b.Y);
    public override string ToString() => $"({X:F2}; {Y:F2})";
    #region Größe
    public double Größe => Math.Sqrt(X * X + Y * Y);
    #endregion
}
`,
  shell: `#!/usr/bin/env bash
set -euo pipefail
for f in "\${@:-*.log}"; do
\t[[ -r $f ]] || { echo "cannot read $f" >&2; exit 2; }
\tawk -F'\\t' '$3 ~ /^5[0-9][0-9]$/ { n[$1]++ } END { for (k in n) printf "%s\\t%d\\n", k, n[k] }' <"$f" | sort -k2,2nr | head -n10
done
`,
  sql: `WITH recent AS (SELECT user_id, MAX(seen_at) AS last FROM sessions WHERE seen_at >= NOW() - INTERVAL '30 days' GROUP BY 1)
INSERT INTO report (id, "Name", ratio) SELECT u.id, COALESCE(u.name, 'n/a'), COUNT(*)::numeric / NULLIF(total, 0) FROM users u JOIN recent USING (user_id);
`,
  haskell: `mapAccumM :: (Monad m, Traversable t) => (s -> a -> m (s, b)) -> s -> t a -> m (s, t b)
mapAccumM f s t = swap <$> runStateT (traverse (\\a -> StateT $ \\s' -> swap <$> f s' a) t) s
  where swap (x, y) = (y, x) -- λ, α → β
`,
  html: `<!doctype html>
<title>Ünïcödé &amp; friends</title>
<p class="q">Is <q>this</q> an <a href="/?x=1&y=2">anchor</a>? <!-- <eof> <pad> <file> -->
<script>if (a<b && c>d) { e = \`<mid>\${f}<suf>\`; }</script>
`,
  css: `@media (min-width: 40.5em) and (prefers-color-scheme: dark) {
  .card:not(:first-child)::before { content: "\\201C"; margin: -1px auto 0 calc(100% - 2 * var(--gap, 8px)); color: #0af9; }
}
`,
  yaml: `jobs:
  build: &build
    strategy: { matrix: { node: [20, 22, 24], os: ["ubuntu-24.04"] } }
    steps:
      - run: |
          npm ci --ignore-scripts
          npm test -- --reporter=dot   # trailing
`,
  markdown: `# Überschrift 1.2.3

* **bold**, _italic_ and \`code\` — “quotes”, 日本語のテキスト、中文，한국어 텍스트; ภาษาไทย
* مرحبا بالعالم, שלום עולם, Привет мир, Γειά σου Κόσμε, नमस्ते दुनिया 👩‍👩‍👧‍👦🏳️‍🌈 é (e + ́)

| a | b |
|--:|:--|
| ½ | Ⅷ ² ٣ |
`,
};
