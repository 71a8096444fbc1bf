extends SceneTree
# godot --headless --path FOLDER --script FOLDER/stream_behaviour.gd -- SCENARIOS.json PORTS
# Makes the calls of stream_scenarios.json on the real StreamPeerTCP and PacketPeerStream. One
# JSON line a scenario: what each call answered, and the state of the stream behind it.

const ARRIVAL_MSEC := 30 # longer than anything takes on loopback of a quiet machine

var listener := TCPServer.new()
var server: StreamPeerTCP
var client: StreamPeerTCP
var packets: PacketPeerStream

func _initialize() -> void:
	var file := FileAccess.open(OS.get_cmdline_user_args()[0], FileAccess.READ)
	var scenarios: Dictionary = JSON.parse_string(file.get_as_text())
	print(JSON.stringify({"engine": Engine.get_version_info().string}))
	for name in scenarios:
		listener.listen(0, "127.0.0.1")
		client = StreamPeerTCP.new()
		packets = PacketPeerStream.new()
		packets.stream_peer = client
		var answers := []
		for step in scenarios[name]:
			var answer = call_step(step)
			if answer != null:
				answers.append(answer + " " + state())
		print(JSON.stringify({"scenario": name, "answers": answers}))
		packets.stream_peer = null
		client.disconnect_from_host()
		if server:
			server.disconnect_from_host()
		listener.stop()
	quit()

# What a call answered, null for steps that are none.
func call_step(step: String):
	var words := step.split(" ")
	var number := int(words[words.size() - 1])
	match words[0]:
		"connect":
			return str(client.connect_to_host("127.0.0.1", listener.get_local_port()))
		"connect_to":
			return str(client.connect_to_host(words[1], number))
		"connect_nobody":
			var other := TCPServer.new()
			other.listen(0, "127.0.0.1")
			var port := other.get_local_port()
			other.stop()
			return str(client.connect_to_host("127.0.0.1", port))
		"disconnect":
			client.disconnect_from_host()
			return "done"
		"no_delay":
			client.set_no_delay(true)
			return "done"
		"poll":
			return str(client.poll())
		"put":
			var result := client.put_partial_data(bytes(number))
			return "%d %d" % [result[0], result[1]]
		"get":
			var result := client.get_partial_data(number)
			return "%d %d" % [result[0], result[1].size()]
		"packet_put":
			return str(packets.put_packet(bytes(number)))
		"packet_get":
			var packet := packets.get_packet()
			return "%d %d" % [packets.get_packet_error(), packet.size()]
		"packet_count":
			return str(packets.get_available_packet_count())
		"accept":
			server = listener.take_connection()
			server.set_no_delay(true)
		"send":
			server.put_data(bytes(number))
		"send_packet":
			server.put_u32(number)
			server.put_data(bytes(number))
		"finish", "reset": # with bytes unread it is a reset
			server.disconnect_from_host()
		"await":
			OS.delay_msec(ARRIVAL_MSEC)
	return null

func state() -> String:
	var is_open := client.get_status() in [StreamPeerTCP.STATUS_CONNECTING, StreamPeerTCP.STATUS_CONNECTED]
	return "status %d host '%s' port %d local %s" % [client.get_status(),
			client.get_connected_host() if is_open else "",
			1 if is_open and client.get_connected_port() != 0 else 0,
			"yes" if is_open and client.get_local_port() != 0 else "no"]

func bytes(count: int) -> PackedByteArray:
	var all := PackedByteArray()
	all.resize(count)
	all.fill(97)
	return all
