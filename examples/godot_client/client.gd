extends Node
# One player of `ringpeer serve --mode arena`: 60 inputs a second, a snapshot for each.
#
#   godot --headless --path examples/godot_client -- --port 4000 --seconds 3
#
# Exits with 0 when the server knew the player by its inputs and let it leave, 1 when it did
# not, 2 when the arguments make no sense. Nothing here lasts longer than the seconds asked
# for and two more.

const LEAVE_SECONDS := 2.0
const SPEED := 10.0

var host := "127.0.0.1"
var port := 0
var seconds := 3.0
var socket := PacketPeerUDP.new()
var sequence := 0
var snapshots := 0
var wrong := 0
var received_by_server := 0
var start := Vector2()
var farthest := 0.0
var round_trips: Array[int] = []
var elapsed := 0.0

func _ready() -> void:
	if not read_arguments():
		printerr("usage: godot --headless --path examples/godot_client -- --port PORT [--host ADDRESS] [--seconds S]")
		end(2)
		return
	var error := socket.connect_to_host(host, port)
	if error != OK:
		printerr("connect_to_host(%s, %d): %s" % [host, port, error_string(error)])
		end(1)

func read_arguments() -> bool:
	var arguments := OS.get_cmdline_user_args()
	for i in range(0, arguments.size() - 1, 2):
		match arguments[i]:
			"--host": host = arguments[i + 1]
			"--port": port = int(arguments[i + 1])
			"--seconds": seconds = float(arguments[i + 1])
			_: return false
	return arguments.size() % 2 == 0 and port > 0 and port < 65536 and seconds > 0.0

func end(status: int) -> void:
	set_physics_process(false)
	get_tree().quit(status)

func _physics_process(delta: float) -> void:
	elapsed += delta
	var leaving := elapsed >= seconds
	var input := {"seq": sequence, "t": Time.get_ticks_usec(), "move": Vector2(SPEED, 0).rotated(elapsed * 0.5)}
	if leaving:
		input["leave"] = true
	if socket.put_var(input) == OK:
		sequence += 1
	while socket.get_available_packet_count() > 0:
		if take_snapshot(socket.get_var()):
			report()
			return
	if elapsed >= seconds + LEAVE_SECONDS:
		printerr("the server did not say that the player has left")
		report()

# True when the server has let the player leave.
func take_snapshot(snapshot: Variant) -> bool:
	if not (snapshot is Dictionary and snapshot.get("you") is Vector2 and snapshot.get("seq") is int
			and snapshot.get("t") is int and snapshot.get("ids") is PackedInt32Array
			and snapshot.get("positions") is PackedVector2Array
			and snapshot["ids"].size() == snapshot["positions"].size()
			and snapshot["seq"] < sequence):
		wrong += 1
		return false
	if snapshots == 0:
		start = snapshot["you"]
	snapshots += 1
	received_by_server = maxi(received_by_server, snapshot["received"])
	farthest = maxf(farthest, start.distance_to(snapshot["you"]))
	round_trips.append(Time.get_ticks_usec() - snapshot["t"])
	return snapshot.get("left", false)

func report() -> void:
	round_trips.sort()
	var median := round_trips[round_trips.size() / 2] if round_trips else -1
	print("inputs %d, received by the server %d, snapshots %d, wrong %d, moved %.1f, round trip p50 %d us" % [sequence, received_by_server, snapshots, wrong, farthest, median])
	# On loopback next to nothing is lost; a busy machine may skip ticks.
	var good := wrong == 0 and snapshots > 0 and farthest > 0.0 and received_by_server * 10 >= sequence * 9
	end(0 if good else 1)
