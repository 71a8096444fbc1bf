extends Node

var socket := PacketPeerUDP.new()

func _ready() -> void:
	socket.connect_to_host("127.0.0.1", 4000)
	socket.put_var({"move": Vector2(1, 0)})

func _process(_delta: float) -> void:
	while socket.get_available_packet_count() > 0:
		print(socket.get_var())  # { "you_said": { "move": (1.0, 0.0) } }
