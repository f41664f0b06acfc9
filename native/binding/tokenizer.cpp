// The tokenizer for JavaScript: NativeTokenizer of native/addon.ts.
#include "../tokenizer/tokenizer.h"

#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "binding.h"

namespace everyline::binding {

namespace {

using text::Tokenizer;
using text::Tokens;

Napi::Int32Array numbers(Napi::Env env, const std::vector<int32_t>& values) {
  Napi::Int32Array array = Napi::Int32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(int32_t));
  return array;
}

class TokenizerObject : public Napi::ObjectWrap<TokenizerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeTokenizer",
                       {InstanceMethod<&TokenizerObject::encode>("encode"), InstanceMethod<&TokenizerObject::decode>("decode"),
                        InstanceMethod<&TokenizerObject::vocabulary>("vocabulary")});
  }

  explicit TokenizerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TokenizerObject>(info) {
    // Made by createTokenizer only, which hands over what it has read.
    if (info.Length() == 1 && info[0].IsExternal()) tokenizer_.reset(info[0].As<Napi::External<Tokenizer>>().Data());
  }

 private:
  Napi::Value encode(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!tokenizer_ || !isBytes(info, 0)) return failure(env, "bad-argument", "encode takes the text as a Uint8Array");
    const Napi::Uint8Array text = info[0].As<Napi::Uint8Array>();
    if (text.ByteLength() > INT32_MAX) return failure(env, "bad-argument", "encode takes at most 2 GiB of text");
    Tokens tokens;
    try {
      tokens = tokenizer_->encode({text.Data(), text.ByteLength()});
    } catch (const std::bad_alloc&) {
      return failure(env, "no-memory", "There is not enough memory to tokenize a text of " + std::to_string(text.ByteLength()) + " bytes. Close other programs.");
    }
    Napi::Object out = Napi::Object::New(env);
    out.Set("ids", numbers(env, tokens.ids));
    out.Set("ends", numbers(env, tokens.ends));
    return out;
  }

  Napi::Value decode(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!tokenizer_ || info.Length() < 1 || !info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
      return failure(env, "bad-argument", "decode takes ids as an Int32Array");
    const Napi::Int32Array ids = info[0].As<Napi::Int32Array>();
    return bytes(env, tokenizer_->decode({ids.Data(), ids.ElementLength()}));
  }

  Napi::Value vocabulary(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (!tokenizer_) return failure(env, "bad-argument", "this tokenizer was not made by createTokenizer");
    const auto& entries = tokenizer_->vocabulary();
    size_t total = 0;
    for (const std::string& entry : entries) total += entry.size();
    // One buffer for all: 32,768 small ones would weigh a hundred times as much.
    Napi::ArrayBuffer all = Napi::ArrayBuffer::New(env, total);
    Napi::Array out = Napi::Array::New(env, entries.size());
    size_t at = 0;
    for (uint32_t id = 0; id < entries.size(); id++) {
      if (!entries[id].empty()) std::memcpy(static_cast<uint8_t*>(all.Data()) + at, entries[id].data(), entries[id].size());
      out.Set(id, Napi::Uint8Array::New(env, entries[id].size(), all, at));
      at += entries[id].size();
    }
    return out;
  }

  static bool isBytes(const Napi::CallbackInfo& info, size_t at) {
    return info.Length() > at && info[at].IsTypedArray() && info[at].As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  }

  static Napi::Value bytes(Napi::Env env, const std::string& text) {
    Napi::Uint8Array out = Napi::Uint8Array::New(env, text.size());
    if (!text.empty()) std::memcpy(out.Data(), text.data(), text.size());
    return out;
  }

  std::unique_ptr<Tokenizer> tokenizer_;
};

// Reads tokenizer.json, which takes a tenth of a second, off the main thread.
class CreateWorker : public Napi::AsyncWorker {
 public:
  CreateWorker(Napi::Env env, std::string json, Napi::FunctionReference& constructor)
      : Napi::AsyncWorker(env, "everyline tokenizer"), promise_(Napi::Promise::Deferred::New(env)), json_(std::move(json)), constructor_(constructor) {}
  Napi::Value promise() { return promise_.Promise(); }

 protected:
  void Execute() override {
    try {
      result_.emplace(Tokenizer::create(json_));
    } catch (const std::bad_alloc&) {
      result_.emplace(Error{"no-memory", "There is not enough memory to read the tokenizer. Close other programs."});
    }
  }
  void OnOK() override {
    if (*result_) promise_.Resolve(constructor_.New({Napi::External<Tokenizer>::New(Env(), (*result_)->release())}));
    else promise_.Resolve(failure(Env(), result_->error().code, result_->error().message));
  }

 private:
  Napi::Promise::Deferred promise_;
  std::string json_;
  Napi::FunctionReference& constructor_;
  std::optional<Result<std::unique_ptr<Tokenizer>>> result_;
};

Napi::Value createTokenizer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    const auto refused = Napi::Promise::Deferred::New(env);
    refused.Resolve(failure(env, "bad-argument", "createTokenizer takes the content of tokenizer.json as a Uint8Array"));
    return refused.Promise();
  }
  const Napi::Uint8Array json = info[0].As<Napi::Uint8Array>();
  std::string text(reinterpret_cast<const char*>(json.Data()), json.ByteLength());
  auto* worker = new CreateWorker(env, std::move(text), *static_cast<Napi::FunctionReference*>(info.Data()));
  const Napi::Value promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace

void registerTokenizer(Napi::Env env, Napi::Object exports) {
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(TokenizerObject::define(env)));
  env.AddCleanupHook([constructor] { delete constructor; });
  exports.Set("createTokenizer", Napi::Function::New(env, createTokenizer, "createTokenizer", constructor));
}

}  // namespace everyline::binding
