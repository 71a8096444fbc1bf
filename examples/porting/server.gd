extends Node

const TICKS := 600
const TIMEOUT_MS := 30000
var server := UDPServer.new()
var players: Array[PacketPeerUDP] = []
var last_heard := {}
var positions := {}
var tick := 0

func _ready() -> void:
	var error := server.listen(4000)
	if error != OK:
		push_error("listen: %d" % error)
		get_tree().quit(1)

func _physics_process(_delta: float) -> void:
	server.poll()
	while server.is_connection_available():
		var player := server.take_connection()
		players.append(player)
		last_heard[player] = Time.get_ticks_msec()
	for player in players:
		while player.get_available_packet_count() > 0:
			var input = player.get_var()
			last_heard[player] = Time.get_ticks_msec()
			if input is Dictionary and input.get("move") is Vector2:
				var id: int = player.get_packet_port()
				var before: Vector2 = positions.get(id, Vector2())
				positions[id] = before + input["move"]
		if Time.get_ticks_msec() - last_heard[player] > TIMEOUT_MS:
			positions.erase(player.get_packet_port())
			last_heard.erase(player)
	players = players.filter(func(player): return player in last_heard)
	for player in players:
		player.put_var({"tick": tick, "positions": positions})
	tick += 1
	if tick == TICKS:
		get_tree().quit(0)
