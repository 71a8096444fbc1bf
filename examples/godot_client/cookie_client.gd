extends SceneTree
# One client of `ringpeer serve --mode echo --cookie`: 60 packets a second, each a number.
#
#   godot --headless --path examples/godot_client --script cookie_client.gd -- --port 4000
#
# Exits with 0 when 60 of its numbers have come back, 1 when they have not after some seconds, 2 when
# the arguments make no sense. With --times 2 it then waits until it has heard nothing for a while,
# as the server starts again, and wants as many once more.

const CookiePeer := preload("res://cookie_peer.gd")
const ENOUGH := 60
const SILENCE := 0.5

var host := "127.0.0.1"
var port := 0
var seconds := 20.0
var times := 1
var peer := CookiePeer.new()
var sent := 0
var echoes := 0
var wrong := 0
var elapsed := 0.0
var heard_at := 0.0
var waits_for_silence := false

func _initialize() -> void:
	if not read_arguments():
		printerr("usage: godot --headless --path examples/godot_client --script cookie_client.gd -- --port PORT [--host ADDRESS] [--seconds S] [--times N]")
		quit(2)
		return
	var error := peer.socket.connect_to_host(host, port)
	if error != OK:
		printerr("connect_to_host(%s, %d): %s" % [host, port, error_string(error)])
		quit(1)

func read_arguments() -> bool:
	var arguments := OS.get_cmdline_user_args()
	for i in range(0, arguments.size() - 1, 2):
		match arguments[i]:
			"--host": host = arguments[i + 1]
			"--port": port = int(arguments[i + 1])
			"--seconds": seconds = float(arguments[i + 1])
			"--times": times = int(arguments[i + 1])
			_: return false
	return arguments.size() % 2 == 0 and port > 0 and port < 65536 and seconds > 0.0 and times > 0

# True ends the program.
func _physics_process(delta: float) -> bool:
	if not peer.socket.is_socket_connected():
		return true
	elapsed += delta
	for packet in peer.poll():
		take(bytes_to_var(packet))
	if waits_for_silence and elapsed - heard_at > SILENCE:
		waits_for_silence = false
		echoes = 0
	if peer.socket.put_packet(var_to_bytes(sent)) == OK:
		sent += 1
	if echoes >= ENOUGH and not waits_for_silence:
		times -= 1
		print("it is in: %d sent, %d wrong" % [sent, wrong])
		waits_for_silence = true
		if times == 0:
			quit(0 if wrong == 0 else 1)
			return true
	if elapsed > seconds:
		printerr("%d sent, and of the last %d came back, %d wrong" % [sent, echoes, wrong])
		quit(1)
		return true
	return false

func take(value: Variant) -> void:
	heard_at = elapsed
	if value is int and value >= 0 and value < sent:
		echoes += 1
	else:
		wrong += 1
