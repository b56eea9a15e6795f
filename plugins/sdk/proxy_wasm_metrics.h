// Metrics: numbers that the host publishes, e.g. Envoy at /stats, where a name gets the prefix
// "wasmcustom.".
//
//     static auto* requests = Counter<std::string, int>::New("requests", "method", "status");
//     requests->increment(1, "GET", 200);        // method.GET.status.200.requests
//     auto lost = requests->resolve("GET", 404);  // puts the name together once
//     lost++;
//
// A metric with tags is one host metric for each set of values. Its full name is
// "TAG.VALUE." for each tag and then the metric's own: "method.GET.status.200.requests".
// Definitions are cached by name, so that each is defined once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proxy_wasm_check.h"
#include "proxy_wasm_externs.h"

// --- Hostcalls ---

inline WasmResult defineMetric(MetricType type, std::string_view name, uint32_t* metric_id) {
  return proxy_define_metric(type, name.data(), name.size(), metric_id);
}
// For counters and gauges.
inline WasmResult incrementMetric(uint32_t metric_id, int64_t offset) {
  return proxy_increment_metric(metric_id, offset);
}
// Sets a gauge, or adds a value to a histogram; in Envoy also adds to a counter.
inline WasmResult recordMetric(uint32_t metric_id, uint64_t value) {
  return proxy_record_metric(metric_id, value);
}
inline WasmResult getMetric(uint32_t metric_id, uint64_t* value) {
  return proxy_get_metric(metric_id, value);
}

// --- Tags ---

struct MetricTag {
  enum class TagType : uint32_t { String = 0, Int = 1, Bool = 2 };
  std::string name;
  TagType tagType;
};

// A tag's name, and its type T: what the values are given as.
template <typename T>
struct MetricTagDescriptor {
  using type = T;
  MetricTagDescriptor(std::string_view n) : name(n) {}
  MetricTagDescriptor(const char* n) : name(n) {}
  std::string_view name;
};

namespace proxy_wasm {

// Which tag type stands for T in a MetricTag. Other types are text.
template <typename T>
inline constexpr MetricTag::TagType kMetricTagType = MetricTag::TagType::String;
template <>
inline constexpr MetricTag::TagType kMetricTagType<int> = MetricTag::TagType::Int;
template <>
inline constexpr MetricTag::TagType kMetricTagType<bool> = MetricTag::TagType::Bool;

}  // namespace proxy_wasm

template <typename T>
inline MetricTag toMetricTag(const MetricTagDescriptor<T>& descriptor) {
  return {std::string(descriptor.name), proxy_wasm::kMetricTagType<T>};
}

// What a value of type T may be given as, where nothing keeps it.
template <typename T>
struct StringToStringView {
  using type = T;
};
template <>
struct StringToStringView<std::string> {
  using type = std::string_view;
};

// How a tag's value is written. Numbers in decimal.
template <typename T>
inline std::string toString(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string(std::string_view(value));
  } else {
    return std::to_string(value);
  }
}

// --- Metrics ---

struct MetricBase {
  MetricBase(MetricType t, const std::string& n) : type(t), name(n) {}
  MetricBase(MetricType t, const std::string& n, const std::vector<MetricTag>& ts)
      : type(t), name(n), tags(ts) {}
  MetricBase(MetricType t, const std::string& n, const std::vector<MetricTag>& ts, std::string fs,
             std::string vs)
      : type(t),
        name(n),
        tags(ts),
        field_separator(std::move(fs)),
        value_separator(std::move(vs)) {}

  MetricType type;
  std::string name;
  std::string prefix;                                    // of the tags that are resolved already
  std::vector<MetricTag> tags;                           // those that are not
  std::unordered_map<std::string, uint32_t> metric_ids;  // by full name

  std::string field_separator = ".";  // between a tag's value and what follows
  std::string value_separator = ".";  // between a tag's name and its value

  // The prefix, and "TAG.VALUE." for each of the fields. At most as many fields as tags.
  std::string prefixWithFields(const std::vector<std::string>& fields) const {
    std::string result = prefix;
    for (size_t i = 0; i < fields.size(); ++i) {
      result.append(tags[i].name).append(value_separator);
      result.append(fields[i]).append(field_separator);
    }
    return result;
  }

  // The host's number for that name, which is defined if it is new. Aborts if the host refuses.
  uint32_t resolveFullName(const std::string& full_name) {
    const auto known = metric_ids.find(full_name);
    if (known != metric_ids.end()) return known->second;
    uint32_t id = 0;
    CHECK_RESULT(defineMetric(type, full_name, &id));
    metric_ids.emplace(full_name, id);
    return id;
  }

  // Aborts unless there is one field for each tag.
  uint32_t resolveWithFields(const std::vector<std::string>& fields) {
    if (fields.size() != tags.size()) logAbort("a metric needs one value for each of its tags");
    return resolveFullName(prefixWithFields(fields) + name);
  }

  // Takes the first tags out of `tags`, into the prefix. Aborts unless some are left.
  void partiallyResolveWithFields(const std::vector<std::string>& fields) {
    if (fields.size() >= tags.size()) logAbort("no tag of the metric would be left");
    prefix = prefixWithFields(fields);
    tags.erase(tags.begin(), tags.begin() + static_cast<ptrdiff_t>(fields.size()));
  }

  // The full name of a number that this object resolved; empty if it did not.
  std::string nameFromIdSlow(uint32_t id) const {
    for (const auto& [full_name, known] : metric_ids) {
      if (known == id) return full_name;
    }
    return {};
  }

  uint64_t getById(uint32_t id) const {
    uint64_t value = 0;
    CHECK_RESULT(getMetric(id, &value));
    return value;
  }
};

// A metric whose type and tags are known at run time only.
struct Metric : public MetricBase {
  using MetricBase::MetricBase;

  template <typename... Fields>
  uint32_t resolve(Fields... fields) {
    return resolveWithFields({toString(fields)...});
  }
  template <typename... Fields>
  Metric partiallyResolve(Fields... fields) {
    Metric result(*this);
    result.partiallyResolveWithFields({toString(fields)...});
    return result;
  }
  template <typename... Fields>
  void increment(int64_t offset, Fields... fields) {
    incrementMetric(resolve(fields...), offset);
  }
  template <typename... Fields>
  void record(uint64_t value, Fields... fields) {
    recordMetric(resolve(fields...), value);
  }
  template <typename... Fields>
  uint64_t get(Fields... fields) {
    return getById(resolve(fields...));
  }
};

// One host metric: what a metric is once all its tags have values.
struct SimpleCounter {
  SimpleCounter(uint32_t id) : metric_id(id) {}
  void increment(int64_t offset) { incrementMetric(metric_id, offset); }
  void record(int64_t offset) { increment(offset); }
  uint64_t get() {
    uint64_t value = 0;
    CHECK_RESULT(getMetric(metric_id, &value));
    return value;
  }
  void operator++() { increment(1); }
  void operator++(int) { increment(1); }

  uint32_t metric_id;
};

struct SimpleGauge {
  SimpleGauge(uint32_t id) : metric_id(id) {}
  void record(uint64_t value) { recordMetric(metric_id, value); }
  uint64_t get() {
    uint64_t value = 0;
    CHECK_RESULT(getMetric(metric_id, &value));
    return value;
  }

  uint32_t metric_id;
};

struct SimpleHistogram {
  SimpleHistogram(uint32_t id) : metric_id(id) {}
  void record(int64_t value) { recordMetric(metric_id, static_cast<uint64_t>(value)); }

  uint32_t metric_id;
};

namespace proxy_wasm {

// What Counter, Gauge and Histogram have in common: tags whose number and types are known. `Self`
// is the template that derives from this, `Simple` what it resolves to.
template <template <typename...> class Self, class Simple, MetricType kType, typename... Tags>
struct TaggedMetric : public MetricBase {
  TaggedMetric(std::string_view n, MetricTagDescriptor<Tags>... tag_names)
      : MetricBase(kType, std::string(n), {toMetricTag(tag_names)...}) {}

  // Never deleted: a metric lives as long as the module.
  static Self<Tags...>* New(std::string_view n, MetricTagDescriptor<Tags>... tag_names) {
    return new Self<Tags...>(n, tag_names...);
  }

  Simple resolve(Tags... values) { return Simple(resolveWithFields({toString(values)...})); }

  // A metric of the same name with these values in its prefix, and further tags.
  template <typename... AdditionalTags>
  Self<AdditionalTags...>* extendAndResolve(Tags... values,
                                            MetricTagDescriptor<AdditionalTags>... tag_names) {
    auto* const result = Self<AdditionalTags...>::New(name, tag_names...);
    result->prefix = prefixWithFields({toString(values)...});
    return result;
  }
};

}  // namespace proxy_wasm

template <typename... Tags>
struct Counter
    : public proxy_wasm::TaggedMetric<Counter, SimpleCounter, MetricType::Counter, Tags...> {
  using Base = proxy_wasm::TaggedMetric<Counter, SimpleCounter, MetricType::Counter, Tags...>;
  using Base::Base;

  void increment(int64_t offset, Tags... values) { this->resolve(values...).increment(offset); }
  void record(int64_t offset, Tags... values) { increment(offset, values...); }
  uint64_t get(Tags... values) { return this->resolve(values...).get(); }
};
template <typename... Tags>
Counter(std::string_view, MetricTagDescriptor<Tags>...) -> Counter<Tags...>;

template <typename... Tags>
struct Gauge : public proxy_wasm::TaggedMetric<Gauge, SimpleGauge, MetricType::Gauge, Tags...> {
  using Base = proxy_wasm::TaggedMetric<Gauge, SimpleGauge, MetricType::Gauge, Tags...>;
  using Base::Base;

  void record(int64_t value, typename StringToStringView<Tags>::type... values) {
    recordMetric(this->resolveWithFields({toString(values)...}), static_cast<uint64_t>(value));
  }
  uint64_t get(Tags... values) { return this->resolve(values...).get(); }
};
template <typename... Tags>
Gauge(std::string_view, MetricTagDescriptor<Tags>...) -> Gauge<Tags...>;

template <typename... Tags>
struct Histogram
    : public proxy_wasm::TaggedMetric<Histogram, SimpleHistogram, MetricType::Histogram, Tags...> {
  using Base = proxy_wasm::TaggedMetric<Histogram, SimpleHistogram, MetricType::Histogram, Tags...>;
  using Base::Base;

  void record(int64_t value, typename StringToStringView<Tags>::type... values) {
    recordMetric(this->resolveWithFields({toString(values)...}), static_cast<uint64_t>(value));
  }
};
template <typename... Tags>
Histogram(std::string_view, MetricTagDescriptor<Tags>...) -> Histogram<Tags...>;
