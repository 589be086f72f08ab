// Door between tests and verilated modules: a Node-API addon that knows a module as a name and a
// list of ports. build.ts generates two headers for each set of modules: `modules.h` includes their
// C++ and `models.h` defines MODELS. A call crosses once a clock, so a test can look at what a
// module says before it chooses the next inputs.
#include <node_api.h>
#include <verilated.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "modules.h"

namespace {

struct Port {
    const char* name;
    int width;  // bits
    bool input;
    void* value;  // as Verilator keeps it: 1, 2, 4, 8 bytes or 32-bit words, little-endian
    size_t bytes() const {
        if (width <= 8) return 1;
        if (width <= 16) return 2;
        if (width <= 32) return 4;
        if (width <= 64) return 8;
        return static_cast<size_t>((width + 31) / 32) * 4;
    }
    // Place in the buffers that tests fill and read: whole words, in the order of the ports.
    size_t room() const { return static_cast<size_t>((width + 31) / 32) * 4; }
};

struct Model {
    VerilatedContext context;
    std::vector<Port> ports;
    CData* clock = nullptr;
    virtual ~Model() = default;
    virtual void eval() = 0;
};

template <class Verilated>
struct ModelOf : Model {
    std::unique_ptr<Verilated> top;
    explicit ModelOf(int seed) {
        context.randReset(2);  // what has no reset starts anywhere
        context.randSeed(seed);
        top = std::make_unique<Verilated>(&context, "");
    }
    ~ModelOf() override {
        // Verilator 5.006 takes a scope out of the thread's context, whichever model that is of; it may be gone.
        ::Verilated::threadContextp(&context);
        top->final();
        top.reset();
    }
    void eval() override { top->eval(); }
};

struct Maker {
    const char* name;
    Model* (*make)(int seed);
};

#include "models.h"

napi_value fail(napi_env env, const std::string& message) {
    napi_throw_error(env, nullptr, message.c_str());
    return nullptr;
}

// create(name, seed): [handle, [[port, width, isInput], ...]]. The clock is not listed: step has it.
napi_value create(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value args[2];
    napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
    char name[64];
    size_t length = 0;
    napi_get_value_string_utf8(env, args[0], name, sizeof name, &length);
    int32_t seed = 1;
    napi_get_value_int32(env, args[1], &seed);
    for (const Maker& maker : MODELS) {
        if (std::strcmp(maker.name, name) != 0) continue;
        Model* model = maker.make(seed);
        napi_value result, handle, ports;
        napi_create_array_with_length(env, 2, &result);
        napi_create_external(
            env, model, [](napi_env, void* data, void*) { delete static_cast<Model*>(data); },
            nullptr, &handle);
        napi_set_element(env, result, 0, handle);
        napi_create_array(env, &ports);
        uint32_t index = 0;
        for (const Port& port : model->ports) {
            napi_value row, value;
            napi_create_array_with_length(env, 3, &row);
            napi_create_string_utf8(env, port.name, NAPI_AUTO_LENGTH, &value);
            napi_set_element(env, row, 0, value);
            napi_create_int32(env, port.width, &value);
            napi_set_element(env, row, 1, value);
            napi_get_boolean(env, port.input, &value);
            napi_set_element(env, row, 2, value);
            napi_set_element(env, ports, index++, row);
        }
        napi_set_element(env, result, 1, ports);
        return result;
    }
    return fail(env, std::string("no model of that name: ") + name);
}

// step(handle, inputs, outputs, edge): applies the inputs and lets the module settle; with `edge`
// a rising edge of the clock follows, after which the module settles again. Fills the outputs.
napi_value step(napi_env env, napi_callback_info info) {
    size_t count = 4;
    napi_value args[4];
    napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
    void* data = nullptr;
    napi_get_value_external(env, args[0], &data);
    Model* model = static_cast<Model*>(data);
    uint8_t *inputs = nullptr, *outputs = nullptr;
    size_t inputBytes = 0, outputBytes = 0;
    napi_get_typedarray_info(env, args[1], nullptr, &inputBytes, reinterpret_cast<void**>(&inputs),
                             nullptr, nullptr);
    napi_get_typedarray_info(env, args[2], nullptr, &outputBytes,
                             reinterpret_cast<void**>(&outputs), nullptr, nullptr);
    bool edge = false;
    napi_get_value_bool(env, args[3], &edge);
    size_t wantIn = 0, wantOut = 0;
    for (const Port& port : model->ports) (port.input ? wantIn : wantOut) += port.room();
    if (inputBytes != wantIn || outputBytes != wantOut) return fail(env, "buffers of wrong size");

    for (const Port& port : model->ports) {
        if (!port.input) continue;
        std::memcpy(port.value, inputs, port.bytes());
        inputs += port.room();
    }
    if (model->clock) *model->clock = 0;
    model->eval();
    if (edge && model->clock) {
        *model->clock = 1;
        model->eval();
        *model->clock = 0;
        model->eval();
    }
    for (const Port& port : model->ports) {
        if (port.input) continue;
        std::memcpy(outputs, port.value, port.bytes());
        outputs += port.room();
    }
    return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
    napi_value function;
    napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, nullptr, &function);
    napi_set_named_property(env, exports, "create", function);
    napi_create_function(env, "step", NAPI_AUTO_LENGTH, step, nullptr, &function);
    napi_set_named_property(env, exports, "step", function);
    return exports;
}

}  // namespace

NAPI_MODULE(hdl_test, init)
