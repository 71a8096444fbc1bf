extends SceneTree
# Dictionaries whose keys have no order among themselves, and those whose order goes round.
func _init():
	seed(7)
	var cases = []
	for n in [5, 16, 17, 20, 33, 60, 100]:
		var colors = {}
		for i in n: colors[Color8(i, 0, 0)] = i
		cases.append(colors)
		var mixed = {}
		for i in n:
			match i % 5:
				0: mixed["s%d" % (i * 7 % 13)] = i
				1: mixed[StringName("n%d" % (i * 5 % 11))] = i
				2: mixed[i * 3 % 17] = i
				3: mixed[Vector2(i % 4, i % 3)] = i
				4: mixed[Color8(i, 1, 2)] = i
		cases.append(mixed)
		var rects = {}
		for i in n:
			if i % 3 == 0: rects[-i] = i
			else: rects[Rect2i(i, 0, 1, 1)] = i
		cases.append(rects)
		var descending = {}
		for i in n: descending[Vector2i(n - i, i % 7)] = i
		cases.append(descending)
		var same = {}
		for i in n: same[[Color8(i, 0, 0), i % 2]] = i
		cases.append(same)
	for d in cases:
		print(JSON.stringify({"bytes": var_to_bytes(d).hex_encode(), "text": var_to_str(d)}))
	quit()
