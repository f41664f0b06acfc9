// Binds the engine (cpu/engine.h) to native/addon.ts: checks arguments, posts calls to the engine's lanes, resolves promises on
// the Node thread. Objects are plain ones whose functions share the native part.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "binding.h"
#include "cpu/engine.h"

namespace everyline::binding {

namespace {

Napi::Value failureOf(Napi::Env env, const Error& error) { return failure(env, error.code, error.message); }
Napi::Value badArgument(Napi::Env env, const char* message) { return failure(env, "bad-argument", message); }

// ---- values

bool intsOf(const Napi::Value& value, std::vector<int32_t>& out) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) return false;
  const auto array = value.As<Napi::Int32Array>();
  out.assign(array.Data(), array.Data() + array.ElementLength());
  return true;
}

// A whole number within 2^53, or false.
bool wholeOf(const Napi::Value& value, int64_t& out) {
  if (!value.IsNumber()) return false;
  const double d = value.As<Napi::Number>().DoubleValue();
  if (!(std::fabs(d) <= 9007199254740991.0) || d != std::floor(d)) return false;
  out = (int64_t)d;
  return true;
}

Napi::Value arrayOf(Napi::Env env, const std::vector<int32_t>& v) {
  auto a = Napi::Int32Array::New(env, v.size());
  std::copy(v.begin(), v.end(), a.Data());
  return a;
}

Napi::Value arrayOf(Napi::Env env, const std::vector<float>& v) {
  auto a = Napi::Float32Array::New(env, v.size());
  std::copy(v.begin(), v.end(), a.Data());
  return a;
}

Napi::Value arrayOf(Napi::Env env, const std::vector<uint8_t>& v) {
  auto a = Napi::Uint8Array::New(env, v.size());
  std::copy(v.begin(), v.end(), a.Data());
  return a;
}

Napi::Value valueOf(Napi::Env env, const std::vector<EncodedChunks>& list) {
  auto out = Napi::Array::New(env, list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    auto o = Napi::Object::New(env);
    o.Set("chunks", Napi::Number::New(env, list[i].chunks));
    o.Set("landmarks", arrayOf(env, list[i].landmarks));
    o.Set("kv", arrayOf(env, list[i].kv));
    out.Set((uint32_t)i, o);
  }
  return out;
}

Napi::Value valueOf(Napi::Env env, const SearchScores& s) {
  auto o = Napi::Object::New(env);
  o.Set("documents", arrayOf(env, s.documents));
  o.Set("firsts", arrayOf(env, s.firsts));
  o.Set("scores", arrayOf(env, s.scores));
  return o;
}

Napi::Value valueOf(Napi::Env env, const Step& s) {
  auto o = Napi::Object::New(env);
  o.Set("logits", arrayOf(env, s.logits));
  o.Set("powers", arrayOf(env, s.powers));
  auto attended = Napi::Array::New(env, s.attended.size());
  for (size_t i = 0; i < s.attended.size(); ++i) {
    auto a = Napi::Object::New(env);
    a.Set("document", Napi::Number::New(env, s.attended[i].document));
    a.Set("chunk", Napi::Number::New(env, s.attended[i].chunk));
    a.Set("weight", Napi::Number::New(env, s.attended[i].weight));
    attended.Set((uint32_t)i, a);
  }
  o.Set("attended", attended);
  o.Set("chosen", arrayOf(env, s.chosen));
  o.Set("computed", Napi::Number::New(env, s.computed));
  auto before = Napi::Array::New(env, s.before.size());
  for (size_t i = 0; i < s.before.size(); ++i) before.Set((uint32_t)i, valueOf(env, s.before[i]));
  o.Set("before", before);
  return o;
}

Napi::Value done(Napi::Env env, Result<Done> result) {
  if (!result) return failureOf(env, result.error());
  return Napi::Boolean::New(env, true);
}

// ---- the way back to the Node thread

// An engine and its road back to the Node thread, which keeps the process alive only while calls are under way.
class Handle : public std::enable_shared_from_this<Handle> {
 public:
  Handle(Napi::Env env, std::shared_ptr<Engine> engine) : engine(std::move(engine)) {
    auto nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
    road_ = Napi::ThreadSafeFunction::New(env, nothing, "everyline", 0, 1);
    road_.Unref(env);
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    engine->close();
    road_.Release();
  }
  // Node ends the road with its environment: to release it afterwards would touch what is freed.
  void environmentEnds() {
    closed_ = true;
    engine->close();
  }
  ~Handle() { close(); }

  // Runs `work` on a lane and resolves the promise with what it returns. `work` holds no owners: those are in `owners`, which
  // are let go on the Node thread, so that an engine never ends on one of its own threads.
  template <class T>
  Napi::Value call(Napi::Env env, bool interactive, std::function<Result<T>()> work, std::shared_ptr<void> owners = nullptr) {
    auto* pending = new Pending<T>{Napi::Promise::Deferred::New(env), shared_from_this(), std::move(owners), std::move(work), std::nullopt};
    const Napi::Value promise = pending->promise.Promise();
    if (closed_) {
      pending->promise.Resolve(failure(env, "cancelled", "The engine is closed."));
      delete pending;
      return promise;
    }
    if (pending_++ == 0) road_.Ref(env);
    auto run = [road = road_, pending] {
      pending->result.emplace(pending->work());
      const auto status = road.NonBlockingCall(pending, [](Napi::Env env, Napi::Function, Pending<T>* p) {
        if (env != nullptr) p->resolve(env);
        delete p;
      });
      // The environment is going away and nobody waits: what the call held is left to the end of the process, because an engine
      // must not end on its own thread.
      (void)status;
    };
    if (interactive) engine->interactive(std::move(run));
    else engine->background(std::move(run));
    return promise;
  }

  const std::shared_ptr<Engine> engine;

 private:
  template <class T>
  struct Pending {
    Napi::Promise::Deferred promise;
    std::shared_ptr<Handle> handle;
    std::shared_ptr<void> owners;
    std::function<Result<T>()> work;
    std::optional<Result<T>> result;

    void resolve(Napi::Env env) {
      Napi::HandleScope scope(env);
      promise.Resolve(*result ? valueOf(env, **result) : failureOf(env, result->error()));
      if (--handle->pending_ == 0 && !handle->closed_) handle->road_.Unref(env);
    }
  };

  Napi::ThreadSafeFunction road_;
  int pending_ = 0;
  bool closed_ = false;
};

template <class F>
void method(Napi::Env env, Napi::Object object, const char* name, F f) {
  object.Set(name, Napi::Function::New(env, [f](const Napi::CallbackInfo& info) -> Napi::Value { return f(info.Env(), info); }, name));
}

Napi::Value resolved(Napi::Env env, Napi::Value value) {
  auto deferred = Napi::Promise::Deferred::New(env);
  deferred.Resolve(value);
  return deferred.Promise();
}

// ---- session

Napi::Value sessionObject(Napi::Env env, const std::shared_ptr<Handle>& handle) {
  auto session = handle->engine->session();
  auto object = Napi::Object::New(env);
  method(env, object, "begin", [handle, session](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    std::vector<int32_t> ids, hidden;
    if (!intsOf(info[0], ids) || !intsOf(info[1], hidden)) return resolved(env, badArgument(env, "begin() takes two Int32Arrays."));
    int64_t before = 0;
    if (!info[2].IsUndefined() && (!wholeOf(info[2], before) || before < 0 || before > kMostBefore))
      return resolved(env, badArgument(env, "begin() tells of 0 to 15 tokens before the last."));
    auto* s = session.get();
    return handle->call<Step>(env, true, [s, ids = std::move(ids), hidden = std::move(hidden), before, ticket = s->ticket()] {
      s->enter(ticket);
      return s->begin(ids, hidden, (int)before);
    }, session);
  });
  method(env, object, "next", [handle, session](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    int64_t token;
    if (!wholeOf(info[0], token) || token < 0 || token > INT32_MAX) return resolved(env, badArgument(env, "next() takes a token id."));
    auto* s = session.get();
    return handle->call<Step>(env, true, [s, token, ticket = s->ticket()] {
      s->enter(ticket);
      return s->next((int32_t)token);
    }, session);
  });
  method(env, object, "cancel", [session](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value {
    session->cancel();
    return env.Undefined();
  });
  return object;
}

// ---- engine

bool placeOf(const Napi::Value& value, Place& out) {
  if (!value.IsObject()) return false;
  const auto o = value.As<Napi::Object>();
  int64_t document, chunks, tokens, segment;
  if (!wholeOf(o.Get("document"), document) || !wholeOf(o.Get("landmarkRow"), out.landmarkRow) || !wholeOf(o.Get("chunks"), chunks) ||
      !wholeOf(o.Get("tokens"), tokens) || !wholeOf(o.Get("segment"), segment) || !wholeOf(o.Get("offset"), out.offset))
    return false;
  for (int64_t v : {document, chunks, tokens, segment})
    if (v < INT32_MIN || v > INT32_MAX) return false;
  out.document = (int32_t)document;
  out.chunks = (int32_t)chunks;
  out.tokens = (int32_t)tokens;
  out.segment = (int32_t)segment;
  return true;
}

bool inputsOf(const Napi::Value& value, std::vector<EncodeInput>& out) {
  if (!value.IsArray()) return false;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value entry = list.Get(i);
    if (!entry.IsObject()) return false;
    EncodeInput input;
    int64_t first;
    if (!intsOf(entry.As<Napi::Object>().Get("ids"), input.ids) || !wholeOf(entry.As<Napi::Object>().Get("firstChunk"), first)) return false;
    if (first < 0 || first > INT32_MAX) return false;
    input.firstChunk = (int)first;
    out.push_back(std::move(input));
  }
  return true;
}

Napi::Value statsObject(Napi::Env env, Engine& engine) {
  auto o = Napi::Object::New(env);
  const auto backend = engine.backend();
  o.Set("backend", Napi::String::New(env, backend->name()));
  o.Set("detail", Napi::String::New(env, backend->detail()));
  o.Set("gpuBytes", Napi::Number::New(env, (double)backend->deviceBytes()));
  o.Set("withoutGpu", Napi::String::New(env, engine.withoutGpu()));
  o.Set("modelId", Napi::String::New(env, engine.weights().modelId));
  o.Set("batchTokens", Napi::Number::New(env, backend->batchTokens()));
  o.Set("threads", Napi::Number::New(env, engine.threads()));
  o.Set("documents", Napi::Number::New(env, engine.memory().documents()));
  o.Set("chunks", Napi::Number::New(env, (double)engine.memory().chunks()));
  o.Set("resident", Napi::Number::New(env, (double)engine.memory().resident()));
  o.Set("tokensEncoded", Napi::Number::New(env, (double)engine.tokensEncoded()));
  o.Set("encodeMs", Napi::Number::New(env, engine.encodeMs()));
  return o;
}

void memoryMethods(Napi::Env env, Napi::Object object, const std::shared_ptr<Handle>& handle) {
  method(env, object, "attachLandmarks", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    int64_t fd;
    if (!wholeOf(info[0], fd)) return badArgument(env, "attachLandmarks() takes a file descriptor.");
    return done(env, handle->engine->memory().attachLandmarks((int)fd));
  });
  method(env, object, "attachSegment", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    int64_t segment, fd;
    if (!wholeOf(info[0], segment) || !wholeOf(info[1], fd)) return badArgument(env, "attachSegment() takes a number and a file descriptor.");
    return done(env, handle->engine->memory().attachSegment((int)segment, (int)fd));
  });
  method(env, object, "detachSegment", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    int64_t segment;
    if (!wholeOf(info[0], segment)) return badArgument(env, "detachSegment() takes a number.");
    return done(env, handle->engine->memory().detachSegment((int)segment));
  });
  method(env, object, "addDocuments", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    if (!info[0].IsArray()) return badArgument(env, "addDocuments() takes an array of places.");
    const auto list = info[0].As<Napi::Array>();
    std::vector<Place> places(list.Length());
    for (uint32_t i = 0; i < list.Length(); ++i)
      if (!placeOf(list.Get(i), places[i])) return badArgument(env, "addDocuments(): a place has a missing or wrong field.");
    return done(env, handle->engine->memory().add(places));
  });
  method(env, object, "removeDocuments", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    std::vector<int32_t> documents;
    if (!intsOf(info[0], documents)) return badArgument(env, "removeDocuments() takes an Int32Array.");
    handle->engine->memory().remove(documents);
    return Napi::Boolean::New(env, true);
  });
  method(env, object, "missing", [handle](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value { return arrayOf(env, handle->engine->memory().missing()); });
}

Napi::Value engineObject(Napi::Env env, std::shared_ptr<Engine> engine) {
  auto handle = std::make_shared<Handle>(env, std::move(engine));
  // A worker or the process that ends takes its engines along.
  env.AddCleanupHook([weak = std::weak_ptr<Handle>(handle)] {
    if (auto h = weak.lock()) h->environmentEnds();
  });
  auto object = Napi::Object::New(env);
  method(env, object, "stats", [handle](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value { return statsObject(env, *handle->engine); });
  method(env, object, "encode", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    std::vector<EncodeInput> inputs;
    if (!inputsOf(info[0], inputs)) return resolved(env, badArgument(env, "encode() takes an array of {ids: Int32Array, firstChunk}."));
    Engine* e = handle->engine.get();
    return handle->call<std::vector<EncodedChunks>>(env, false, [e, inputs = std::move(inputs), epoch = e->encodeEpoch()] { return e->encode(inputs, epoch); });
  });
  method(env, object, "cancelEncode", [handle](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value {
    handle->engine->cancelEncode();
    return env.Undefined();
  });
  method(env, object, "setPace", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    if (info[0].IsNumber()) handle->engine->setPace(info[0].As<Napi::Number>().DoubleValue());
    return env.Undefined();
  });
  method(env, object, "search", [handle](Napi::Env env, const Napi::CallbackInfo& info) -> Napi::Value {
    std::vector<int32_t> ids;
    int64_t layers;
    if (!intsOf(info[0], ids) || !wholeOf(info[1], layers)) return resolved(env, badArgument(env, "search() takes an Int32Array and a number."));
    Engine* e = handle->engine.get();
    return handle->call<SearchScores>(env, true, [e, ids = std::move(ids), layers] { return e->search(ids, (int)layers); });
  });
  method(env, object, "session", [handle](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value {
    if (handle->engine->closed()) return failure(env, "cancelled", "The engine is closed.");
    return sessionObject(env, handle);
  });
  method(env, object, "close", [handle](Napi::Env env, const Napi::CallbackInfo&) -> Napi::Value {
    handle->close();
    return env.Undefined();
  });
  memoryMethods(env, object, handle);
  return object;
}

class LoadWorker : public Napi::AsyncWorker {
 public:
  LoadWorker(Napi::Env env, EngineOptions options) : Napi::AsyncWorker(env, "everyline load"), promise_(Napi::Promise::Deferred::New(env)), options_(std::move(options)) {}
  Napi::Value promise() { return promise_.Promise(); }

 protected:
  void Execute() override {
    try {
      result_.emplace(Engine::load(options_));
    } catch (const std::bad_alloc&) {
      result_.emplace(Error{"no-memory", "There is not enough memory to load the model."});
    } catch (const std::exception& e) {
      result_.emplace(Error{"internal", std::string("The engine could not be started: ") + e.what() + "."});
    }
  }
  void OnOK() override {
    promise_.Resolve(*result_ ? engineObject(Env(), **result_) : failureOf(Env(), result_->error()));
  }

 private:
  Napi::Promise::Deferred promise_;
  EngineOptions options_;
  std::optional<Result<std::shared_ptr<Engine>>> result_;
};

// The path of a file in the folder that this addon was loaded from.
std::string besideAddon(const char* file) {
  Dl_info self;
  if (dladdr((const void*)&besideAddon, &self) == 0 || !self.dli_fname) return file;
  const std::string path = self.dli_fname;
  const size_t slash = path.rfind('/');
  return (slash == std::string::npos ? std::string() : path.substr(0, slash + 1)) + file;
}

Napi::Value loadEngine(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsObject()) return resolved(env, badArgument(env, "loadEngine() takes options."));
  const auto o = info[0].As<Napi::Object>();
  int64_t threads;
  if (!o.Get("model").IsString() || !wholeOf(o.Get("threads"), threads) || !o.Get("isa").IsString() || threads < 0 || threads > 256)
    return resolved(env, badArgument(env, "loadEngine(): model, threads or isa is missing or wrong."));
  EngineOptions options;
  options.model = o.Get("model").As<Napi::String>().Utf8Value();
  options.threads = (int)threads;
  options.isa = o.Get("isa").As<Napi::String>().Utf8Value();
  const Napi::Value precision = o.Get("precision");
  if (precision.IsString()) {
    const std::string name = precision.As<Napi::String>().Utf8Value();
    if (name != "stored" && name != "float") return resolved(env, badArgument(env, "loadEngine(): precision is \"stored\" or \"float\"."));
    if (name == "float") options.precision = Precision::exact;
  }
  const Napi::Value backend = o.Get("backend");
  if (backend.IsString()) options.backend = backend.As<Napi::String>().Utf8Value();
  if (options.backend != "auto" && options.backend != "cpu" && options.backend != "cuda")
    return resolved(env, badArgument(env, "loadEngine(): backend is \"auto\", \"cpu\" or \"cuda\"."));
  const Napi::Value library = o.Get("cudaLibrary");
  options.cuda.library = library.IsString() ? library.As<Napi::String>().Utf8Value() : besideAddon("everyline-cuda.so");
  int64_t vram;
  if (wholeOf(o.Get("vram"), vram) && vram > 0) options.cuda.vram = (uint64_t)vram;
  const Napi::Value idle = o.Get("gpuIdleSeconds");
  if (idle.IsNumber() && idle.As<Napi::Number>().DoubleValue() >= 0) options.cuda.idle = idle.As<Napi::Number>().DoubleValue();
  int64_t ram;
  if (wholeOf(o.Get("ram"), ram) && ram >= 0) options.ram = (uint64_t)ram;
  auto* worker = new LoadWorker(env, std::move(options));
  const Napi::Value promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace

// GOP/s of one thread in int8 dot products, best of a few runs of some milliseconds.
static Napi::Value int8Ceiling(const Napi::CallbackInfo& info) {
  const Kernels* kernels = chooseKernels(info[0].IsString() ? info[0].As<Napi::String>().Utf8Value().c_str() : "");
  if (!kernels) return badArgument(info.Env(), "int8Ceiling(): the instruction set is unknown or this machine does not have it.");
  alignas(64) int8_t seed[256] = {1, 2, 3};
  double best = 0;
  for (int run = 0; run < 10; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const double operations = kernels->dots(200'000, seed);
    best = std::max(best, operations / (double)std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
  }
  return Napi::Number::New(info.Env(), best);
}

void registerEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("isa", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value { return Napi::String::New(info.Env(), chooseKernels("")->isa); }, "isa"));
  exports.Set("int8Ceiling", Napi::Function::New(env, int8Ceiling, "int8Ceiling"));
  exports.Set("loadEngine", Napi::Function::New(env, loadEngine, "loadEngine"));
}

}  // namespace everyline::binding
