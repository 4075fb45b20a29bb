"""NAS-Bench-301's neighbours, codes and features in plain Python, timed: what a searcher without arrays of codes does (no ConfigSpace).

Reads {"states": [[[[operation, input], ... 8], [... 8]], ...], "rounds": R} from standard input: normal and reduction cell, operations as
0..6, a node's two pairs sorted by input. For each state it lists all 120 neighbours (an operation changed, an input rewired), their
codes, and the feature ids of 101 architectures. Prints {"codes": sum of all codes, "features": sum of the states' own feature ids,
"seconds": [one figure a round]}. Needs no packages.
"""
import json
import sys
import time

OPERATIONS = 7
FIRST_EDGE = (0, 2, 5, 9)
PAIRS = [[(low, high) for low in range(node + 1) for high in range(low + 1, node + 2)] for node in range(4)]


def sorted_node(a, b):
    return (a, b) if a[1] < b[1] else (b, a)


def cell_neighbours(cell):
    for slot in range(8):
        operation, source = cell[slot]
        for other in range(OPERATIONS):
            if other != operation:
                yield cell[:slot] + ((other, source),) + cell[slot + 1:]
    for node in range(4):
        for side in (0, 1):
            operation, source = cell[2 * node + side]
            kept = cell[2 * node + 1 - side]
            for other in range(node + 2):
                if other != source and other != kept[1]:
                    yield cell[:2 * node] + sorted_node((operation, other), kept) + cell[2 * node + 2:]


def neighbours(state):
    normal, reduction = state
    return [(cell, reduction) for cell in cell_neighbours(normal)] + [(normal, cell) for cell in cell_neighbours(reduction)]


def cell_code(cell):
    pairing = 0
    for node in range(1, 4):
        pairing = pairing * len(PAIRS[node]) + PAIRS[node].index((cell[2 * node][1], cell[2 * node + 1][1]))
    code = pairing
    for operation, _ in cell:
        code = code * OPERATIONS + operation
    return code


def features(state):
    return [
        98 * half + (FIRST_EDGE[slot // 2] + source) * OPERATIONS + operation
        for half, cell in enumerate(state)
        for slot, (operation, source) in enumerate(cell)
    ]


def main():
    job = json.load(sys.stdin)
    states = [tuple(tuple(map(tuple, cell)) for cell in state) for state in job["states"]]
    seconds = []
    for _ in range(job["rounds"]):
        codes = own = 0
        start = time.perf_counter()
        for state in states:
            around = neighbours(state)
            codes += sum(cell_code(normal) + cell_code(reduction) for normal, reduction in around)
            rows = [features(one) for one in [state, *around[:100]]]
            own += sum(rows[0])
        seconds.append(time.perf_counter() - start)
    json.dump({"codes": codes, "features": own, "seconds": seconds}, sys.stdout)


main()
