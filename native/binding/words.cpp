// The word index for JavaScript: NativeWords of native/addon.ts.
#include "../words/words.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "../words/analysis.h"
#include "binding.h"

namespace everyline::binding {

namespace {

using namespace words;

// Runs work off the main thread and settles a promise with what `finish` makes of it.
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<void()>;
  using Finish = std::function<Napi::Value(Napi::Env)>;

  // `work` may not touch JavaScript; `keep` is held until the promise is settled, what `work` holds as well.
  static Napi::Value run(Napi::Env env, Napi::Object keep, Work work, Finish finish) {
    auto* task = new Task(env, keep, std::move(work), std::move(finish));
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 private:
  Task(Napi::Env env, Napi::Object keep, Work work, Finish finish)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)), finish_(std::move(finish)) {
    keep_ = Napi::Persistent(keep);
  }

  void Execute() override {
    try {
      work_();
    } catch (const std::exception&) {  // of the standard library: memory
      starved_ = true;
    }
  }

  void OnOK() override {
    Napi::Env env = Env();
    deferred_.Resolve(starved_ ? failure(env, "no-memory", "There is not enough memory for the word index. Close other programs, or exclude folders from Everyline.")
                               : finish_(env));
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  Napi::ObjectReference keep_;
  bool starved_ = false;
};

std::string field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

float weight(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 1;
  return number > 0 && std::isfinite(number) ? static_cast<float>(number) : 0;
}

template <class Array, class T>
Napi::Value numbers(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

class WordsObject : public Napi::ObjectWrap<WordsObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeWords",
                       {InstanceMethod<&WordsObject::add>("add"), InstanceMethod<&WordsObject::remove>("remove"),
                        InstanceMethod<&WordsObject::search>("search"), InstanceMethod<&WordsObject::terms>("terms"),
                        InstanceMethod<&WordsObject::documentFrequency>("documentFrequency"), InstanceMethod<&WordsObject::stats>("stats"),
                        InstanceMethod<&WordsObject::save>("save"), InstanceMethod<&WordsObject::load>("load")});
  }

  explicit WordsObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<WordsObject>(info) {}

 private:
  using TurnRef = std::shared_ptr<Words::Turn>;

  static Napi::Value rejected(Napi::Env env, const char* message) {
    auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Resolve(failure(env, "bad-argument", message));
    return deferred.Promise();
  }

  Napi::Value add(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() < 1 || !info[0].IsArray()) return rejected(env, "add takes an array of passages");
    const Napi::Array array = info[0].As<Napi::Array>();
    auto passages = std::make_shared<std::vector<Passage>>();
    passages->reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); i++) {
      Napi::HandleScope scope(env);
      const Napi::Value item = array.Get(i);
      if (!item.IsObject() || !item.As<Napi::Object>().Get("id").IsNumber()) return rejected(env, "add takes passages with a numeric id");
      const Napi::Object object = item.As<Napi::Object>();
      passages->push_back({object.Get("id").As<Napi::Number>().Int32Value(), field(object, "path"), field(object, "symbols"), field(object, "body")});
    }
    auto turn = std::make_shared<Words::Turn>(words_);
    return Task::run(
        env, Value(),
        [this, passages, turn] { words_.add(*turn, *passages); },
        [](Napi::Env env) { return Napi::Boolean::New(env, true); });
  }

  Napi::Value remove(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() < 1 || !info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
      return failure(env, "bad-argument", "remove takes ids as an Int32Array");
    const Napi::Int32Array ids = info[0].As<Napi::Int32Array>();
    words_.remove(ids.Data(), ids.ElementLength());
    return Napi::Boolean::New(env, true);
  }

  Napi::Value search(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() < 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsObject())
      return rejected(env, "search takes a query, a number of hits and field weights");
    auto query = std::make_shared<std::string>(info[0].As<Napi::String>().Utf8Value());
    const double k = std::clamp(info[1].As<Napi::Number>().DoubleValue(), 0.0, 1e6);
    const Napi::Object object = info[2].As<Napi::Object>();
    const FieldWeights weights{weight(object, "path"), weight(object, "symbols"), weight(object, "body")};
    auto hits = std::make_shared<Hits>();
    return Task::run(
        env, Value(), [this, query, k, weights, hits] { *hits = words_.search(*query, static_cast<size_t>(k), weights); },
        [hits](Napi::Env env) {
          Napi::Object out = Napi::Object::New(env);
          out.Set("ids", numbers<Napi::Int32Array>(env, hits->ids));
          out.Set("scores", numbers<Napi::Float32Array>(env, hits->scores));
          out.Set("coverage", numbers<Napi::Float32Array>(env, hits->coverage));
          return out;
        });
  }

  Napi::Value terms(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    Napi::Array out = Napi::Array::New(env);
    if (info.Length() < 1 || !info[0].IsString()) return out;
    const std::string text = info[0].As<Napi::String>().Utf8Value();
    WordScanner scanner(text);
    for (std::string_view spelled; scanner.next(spelled);)
      analyse(spelled).terms([&](const std::string& term) { out.Set(out.Length(), Napi::String::New(env, term)); });
    return out;
  }

  Napi::Value documentFrequency(const Napi::CallbackInfo& info) {
    const std::string word = info.Length() > 0 && info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
    return Napi::Number::New(info.Env(), words_.documentFrequency(word));
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    const WordStats stats = words_.stats();
    Napi::Object out = Napi::Object::New(env);
    auto set = [&](const char* name, uint64_t value) { out.Set(name, Napi::Number::New(env, static_cast<double>(value))); };
    set("passages", stats.passages);
    set("terms", stats.terms);
    set("postings", stats.postings);
    set("bytes", stats.bytes);
    return out;
  }

  Napi::Value save(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() < 2 || !info[0].IsNumber() || !info[1].IsNumber()) return rejected(env, "save takes a descriptor and a transaction");
    const int fd = info[0].As<Napi::Number>().Int32Value();
    const int64_t transaction = info[1].As<Napi::Number>().Int64Value();
    auto turn = std::make_shared<Words::Turn>(words_);
    auto result = std::make_shared<Result<Done>>(Done{});
    return Task::run(
        env, Value(),
        [this, fd, transaction, turn, result] { *result = words_.save(*turn, fd, transaction); },
        [result](Napi::Env env) -> Napi::Value {
          if (!*result) return failure(env, result->error().code, result->error().message);
          return Napi::Boolean::New(env, true);
        });
  }

  Napi::Value load(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() < 1 || !info[0].IsNumber()) return rejected(env, "load takes a descriptor");
    const int fd = info[0].As<Napi::Number>().Int32Value();
    auto turn = std::make_shared<Words::Turn>(words_);
    auto result = std::make_shared<Result<int64_t>>(int64_t{0});
    return Task::run(
        env, Value(),
        [this, fd, turn, result] { *result = words_.load(*turn, fd); },
        [result](Napi::Env env) -> Napi::Value {
          if (!*result) return failure(env, result->error().code, result->error().message);
          return Napi::Number::New(env, static_cast<double>(**result));
        });
  }

  Words words_;
};

Napi::Value createWords(const Napi::CallbackInfo& info) { return static_cast<Napi::FunctionReference*>(info.Data())->New({}); }

}  // namespace

void registerWords(Napi::Env env, Napi::Object exports) {
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(WordsObject::define(env)));
  env.AddCleanupHook([constructor] { delete constructor; });
  exports.Set("createWords", Napi::Function::New(env, createWords, "createWords", constructor));
}

}  // namespace everyline::binding
