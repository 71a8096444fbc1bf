extends RefCounted
# A PacketPeerUDP for servers that ask for a cookie. Connect `socket`, call poll() once a frame
# instead of get_packet(), and put packets as ever: until the server knows this client they are lost.

var socket := PacketPeerUDP.new()
var hello := "f570ade495e089aa01000000000000000000000000000000".hex_decode()
var challenge := "f570ade495e089aa02000000".hex_decode()
var next_hello := 0
var silent_at := 0

func poll() -> Array[PackedByteArray]:
	var now := Time.get_ticks_msec()
	var packets: Array[PackedByteArray] = []
	while socket.get_available_packet_count() > 0:
		var packet := socket.get_packet()
		if packet.size() == 24 and packet.slice(0, 12) == challenge:
			packet[8] = 3
			socket.put_packet(packet)
		else:
			silent_at = now + 1000
			packets.append(packet)
	if now >= next_hello and now >= silent_at:
		socket.put_packet(hello)
		next_hello = now + 250
	return packets
