// bpf(2) for JavaScript: arrays, programs of kind XDP, and the kernel's test run. bpf.ts has its types.
#include <linux/bpf.h>
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace {

long bpf(bpf_cmd command, bpf_attr& attr) { return syscall(SYS_bpf, command, &attr, sizeof attr); }

uint64_t address(const void* at) { return reinterpret_cast<uintptr_t>(at); }

Napi::Error failed(Napi::Env env, const std::string& what) {
    const int code = errno;
    auto error = Napi::Error::New(env, what + ": " + std::strerror(code));
    error.Set("errno", Napi::Number::New(env, code));
    return error;
}

uint32_t number(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

/// valueSize, entries -> file descriptor
Napi::Value create_array(const Napi::CallbackInfo& info) {
    bpf_attr attr{};
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = 4;
    attr.value_size = number(info[0]);
    attr.max_entries = number(info[1]);
    const long fd = bpf(BPF_MAP_CREATE, attr);
    if (fd < 0) throw failed(info.Env(), "a map could not be made");
    return Napi::Number::New(info.Env(), double(fd));
}

/// fd, valueSize, values from entry 0 on
void fill(const Napi::CallbackInfo& info) {
    const uint32_t size = number(info[1]);
    const auto values = info[2].As<Napi::Uint8Array>();
    for (uint32_t n = 0; (n + 1) * size_t(size) <= values.ElementLength(); n++) {
        bpf_attr attr{};
        attr.map_fd = number(info[0]);
        attr.key = address(&n);
        attr.value = address(values.Data() + n * size_t(size));
        if (bpf(BPF_MAP_UPDATE_ELEM, attr) < 0) throw failed(info.Env(), "a map could not be written");
    }
}

/// Instructions -> file descriptor. The verifier's last words are part of the error.
Napi::Value load(const Napi::CallbackInfo& info) {
    const auto code = info[0].As<Napi::Uint8Array>();
    std::vector<char> log(1 << 20);
    const char license[] = "Apache-2.0";
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_XDP;
    attr.insns = address(code.Data());
    attr.insn_cnt = uint32_t(code.ElementLength() / sizeof(bpf_insn));
    attr.license = address(license);
    attr.log_buf = address(log.data());
    attr.log_size = uint32_t(log.size());
    attr.log_level = 1;
    const long fd = bpf(BPF_PROG_LOAD, attr);
    if (fd < 0) {
        const int code_of_error = errno;
        std::string said(log.data());
        if (said.size() > 600) said = said.substr(said.size() - 600);
        errno = code_of_error;
        throw failed(info.Env(), "the program could not be loaded" + (said.empty() ? "" : "\n" + said + "\n"));
    }
    return Napi::Number::New(info.Env(), double(fd));
}

/// fd, frame, repeat -> verdict, nanoseconds a run, the frame as it is then
Napi::Value run(const Napi::CallbackInfo& info) {
    const auto frame = info[1].As<Napi::Uint8Array>();
    std::vector<uint8_t> out(frame.ElementLength());
    bpf_attr attr{};
    attr.test.prog_fd = number(info[0]);
    attr.test.data_in = address(frame.Data());
    attr.test.data_size_in = uint32_t(frame.ElementLength());
    attr.test.data_out = address(out.data());
    attr.test.data_size_out = uint32_t(out.size());
    attr.test.repeat = number(info[2]);
    if (bpf(BPF_PROG_TEST_RUN, attr) < 0) throw failed(info.Env(), "the kernel did not run the program");
    auto result = Napi::Object::New(info.Env());
    result.Set("verdict", Napi::Number::New(info.Env(), attr.test.retval));
    result.Set("ns", Napi::Number::New(info.Env(), attr.test.duration));
    result.Set("data", Napi::Buffer<uint8_t>::Copy(info.Env(), out.data(), out.size()));
    return result;
}

void shut(const Napi::CallbackInfo& info) { ::close(int(number(info[0]))); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("createArray", Napi::Function::New(env, create_array));
    exports.Set("fill", Napi::Function::New(env, fill));
    exports.Set("load", Napi::Function::New(env, load));
    exports.Set("run", Napi::Function::New(env, run));
    exports.Set("close", Napi::Function::New(env, shut));
    return exports;
}

}  // namespace

NODE_API_MODULE(vidline_bpf, init)
