#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

Bytes encoded(const Variant& value) {
  Bytes bytes(64);
  std::size_t size = 0;
  (void)encode_variant(value, bytes, &size);
  bytes.resize(size);
  return bytes;
}

std::string class_of(const Variant& value) {
  return value.is_object() ? std::string(value.get<Object>().class_name()) : to_json(value).dump();
}

void run_zero_length(ProbeContext& context, const Peer& rx) {
  context.send_empty(rx->get_local_port());
  int count = context.available(rx);
  context.report("get.zero_length_datagram", {{"available", count},
                                              {"size", context.get(rx).size()},
                                              {"get_packet_error", code(rx->get_packet_error())},
                                              {"available_after", context.available(rx)}});
  context.send_empty(rx->get_local_port());
  count = context.available(rx);
  context.report("get.zero_length_datagram_get_var", {{"available", count},
                                                      {"value", to_json(context.get_var(rx))},
                                                      {"available_after", context.available(rx)}});
}

// Godot sends the id of an instance, or its class and properties; here the one and the
// other are different values of Object.
void run_objects(ProbeContext& context, const Peer& rx, const Peer& t) {
  const Variant by_id(Object::from_id(0x8000000123456789ull));
  Object resource("Resource");
  resource.set("resource_name", "n");
  const Variant full(resource);
  context.report("obj.put_var_default", {{"code", code(t->put_var(by_id))}});
  context.report("obj.get_var_default", {{"class", class_of(context.get_var(rx))}});
  context.report("obj.put_var_full", {{"code", code(t->put_var(full, true))}});
  context.report("obj.get_var_of_full_not_allowed",
                 {{"value", to_json(context.get_var(rx))},
                  {"get_packet_error", code(rx->get_packet_error())}});
  (void)t->put_var(full, true);
  const Variant value = context.get_var(rx, true);
  context.report("obj.get_var_of_full_allowed",
                 {{"class", class_of(value)}, {"resource_name", to_json(value["resource_name"])}});
  (void)t->put_var(by_id);
  context.report("obj.get_var_allowed_of_plain", {{"class", class_of(context.get_var(rx, true))}});
}

}  // namespace

void run_gets(ProbeContext& context) {
  const Peer rx = context.bound();
  const Peer t = context.to(rx->get_local_port());
  context.report("get.empty", {{"size", context.get(rx).size()},
                               {"get_packet_error", code(rx->get_packet_error())}});
  (void)t->put_packet(filled_bytes(10, 9));
  const Bytes first = context.get(rx);
  context.report("get.success",
                 {{"size", first.size()},
                  {"get_packet_error", code(rx->get_packet_error())},
                  {"ip", rx->get_packet_ip()},
                  {"port_is_senders", rx->get_packet_port() == t->get_local_port()}});
  (void)t->put_packet(filled_bytes(20, 8));
  const Bytes second = context.get(rx);
  context.report("get.earlier_array_is_a_copy",
                 {{"first_still", first == filled_bytes(10, 9)}, {"second", second.size()}});
  context.report("get.empty_after_success",
                 {{"size", context.get(rx).size()},
                  {"get_packet_error", code(rx->get_packet_error())},
                  {"ip_kept", rx->get_packet_ip()},
                  {"port_kept", rx->get_packet_port() == t->get_local_port()}});
  run_zero_length(context, rx);

  const Peer a = context.to(rx->get_local_port());
  const Peer b = context.to(rx->get_local_port());
  (void)a->put_packet(filled_bytes(1));
  (void)b->put_packet(filled_bytes(2));
  context.available(rx);
  context.get(rx);
  const bool first_is_a = rx->get_packet_port() == a->get_local_port();
  context.get(rx);
  context.report("get.port_is_of_last_got_packet",
                 {{"first", first_is_a}, {"second", rx->get_packet_port() == b->get_local_port()}});
  (void)a->put_packet(filled_bytes(1));
  context.report("get.wait_with_packet",
                 {{"code", code(rx->wait())}, {"available", context.available(rx)}});
  context.get(rx);
}

void run_get_errors(ProbeContext& context) {
  const Peer rx = context.bound();
  const Peer t = context.to(rx->get_local_port());
  const auto last_error = [&rx] { return code(rx->get_packet_error()); };
  context.get(rx);
  context.report("err.after_empty_get_packet", last_error());
  (void)t->put_var(Dictionary{{"a", 1}});
  context.report("err.get_var_ok_leaves_get_packet_error",
                 {{"value", to_json(context.get_var(rx))}, {"get_packet_error", last_error()}});
  (void)t->put_packet(filled_bytes(3));
  context.get(rx);
  context.report("err.after_good_get_packet", last_error());
  context.report("err.get_var_when_empty", {{"value", to_json(context.get_var(rx))},
                                            {"get_packet_error", last_error()},
                                            {"available", context.available(rx)}});
  (void)t->put_packet(Bytes{0xff, 0xff, 0xff, 0xff});
  context.report("err.get_var_garbage", {{"value", to_json(context.get_var(rx))},
                                         {"get_packet_error", last_error()},
                                         {"available_after", context.available(rx)}});
  (void)t->put_packet(Bytes{4, 0, 0});
  (void)t->put_var(77);
  context.report("err.get_var_garbage_then_good", {{"first", to_json(context.get_var(rx))},
                                                   {"second", to_json(context.get_var(rx))},
                                                   {"get_packet_error", last_error()}});
  Bytes trailing = encoded(5);
  trailing.insert(trailing.end(), {1, 2, 3, 4, 5});
  (void)t->put_packet(trailing);
  context.report("err.get_var_trailing_bytes", {{"value", to_json(context.get_var(rx))}});
  run_objects(context, rx, t);
  (void)t->put_var(Variant());
  context.report("var.null_is_sent",
                 {{"available", context.available(rx)}, {"value", to_json(context.get_var(rx))}});
}

}  // namespace ringpeer::probes
