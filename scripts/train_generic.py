#!/usr/bin/env python3
"""Trains the generic detector's score and writes src/engine/check/weights.rs.

usage: train_generic.py FEATURES LABELS [--clean FEATURES ...] [--others FINDINGS] [--out WEIGHTS.rs]

FEATURES is what `examples/features.rs` writes for CredData's files, LABELS its labels as JSON lines with `repo`, `file`,
`line_start`, `line_end`, `value`, `truth`, `category`.  --clean takes features of trees without known leaks: all of
them count as no secrets.  --others takes what a scan of CredData's files found, as JSON lines with `file`, `line`,
`end_line` and `rule`: with it the held-out figures of all rules together are printed, by labelled place.  Needs numpy and
scikit-learn.

Boosted trees of 16 leaves are fitted to the logarithm of the odds.  Whole repositories are left out for validation:
what is printed is what the other repositories predict.  The thresholds are chosen on these held-out scores, then the
table is fitted to all of them.  Candidates that no label touches count as negatives with a small weight: some are
secrets that no tool reported.
"""
import argparse
import collections
import json

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import GroupKFold

TREES, LEAVES, RATE, POINTS = 30, 16, 0.2, 100
UNLABELLED, CLEAN, STRICT, SLACK = 0.1, 0.1, 0.95, 0.005
CORE_IGNORE = {"UUID", "AWS S3 Bucket", "Firebase Domain", "Tencent WeChat API App ID", "Nonce", "Salt", "Other"}


def read_features(path):
    rows, places = [], []
    with open(path, encoding="utf8") as f:
        names = f.readline().rstrip("\n").split("\t")[3:]
        for line in f:
            cells = line.rstrip("\n").split("\t")
            places.append((cells[0], int(cells[1]), json.loads(cells[2])))
            rows.append([int(c) for c in cells[3:]])
    return names, places, np.array(rows, dtype=np.int16)


def read_labels(path):
    labels = collections.defaultdict(list)
    with open(path, encoding="utf8") as f:
        for line in f:
            label = json.loads(line)
            if not set(label["category"].split(":")) <= CORE_IGNORE:
                labels[label["file"]].append(label)
    return labels


def same(value, label):
    want = (label.get("value") or "").strip("\"'` \t")
    return not want or want in value or value in want


def label_of(place, labels):
    """1 for a secret, 0 for none, -1 where no label says."""
    file, line, value = place
    near = [x for x in labels.get(file, ()) if x["line_start"] <= line <= x["line_end"]]
    if any(x["truth"] and same(value, x) for x in near):
        return 1
    if any(x["truth"] for x in near):
        return -2  # a line with a secret elsewhere: says nothing
    return 0 if near else -1


def fit(x, y, weights, seed=0):
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, subsample=0.8, max_features=0.5,
        min_samples_leaf=30, random_state=seed)
    return model.fit(x, y, sample_weight=weights)


def table(model, x, weights):
    """The model's nodes in the order in which they are walked: a node, its lower half, its upper half."""
    base = model.init_.class_prior_[1]
    base = float(np.log(base / (1 - base)))
    nodes, roots = [], []
    for (tree,) in model.estimators_:
        t = tree.tree_
        raw = t.value[:, 0, 0].copy()

        # An inner node's value is the mean of its leaves', weighted by how many samples come there.
        def mean(n):
            if t.children_left[n] < 0:
                return raw[n]
            a, b = t.children_left[n], t.children_right[n]
            wa, wb = t.weighted_n_node_samples[a], t.weighted_n_node_samples[b]
            raw[n] = (mean(a) * wa + mean(b) * wb) / (wa + wb)
            return raw[n]

        mean(0)
        roots.append(len(nodes))

        def lay(n):
            at = len(nodes)
            nodes.append(None)
            value = int(round(raw[n] * RATE * POINTS))
            if t.children_left[n] < 0:
                nodes[at] = (255, 0, 0, value)
                return
            lay(t.children_left[n])
            above = len(nodes) - at
            nodes[at] = (int(t.feature[n]), int(np.floor(t.threshold[n])), above, value)
            lay(t.children_right[n])

        lay(0)
    return int(round(base * POINTS)), roots, nodes


def predict(tab, x):
    """What the compiled table says, in whole points."""
    base, roots, nodes = tab
    out = np.full(len(x), base)
    for i, row in enumerate(x):
        for root in roots:
            at = root
            while nodes[at][0] != 255:
                f, t, above, _ = nodes[at]
                at += 1 if row[f] <= t else above
            out[i] += nodes[at][3]
    return out


def figures(points, y, threshold):
    said = points >= threshold
    tp, fp, fn = (said & (y == 1)).sum(), (said & (y == 0)).sum(), (~said & (y == 1)).sum()
    p, r = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return p, r, 2 * p * r / max(p + r, 1e-9)


GENERIC = {"generic-password", "generic-secret", "generic-key"}


def of_all_rules(path, places, points, labels, threshold):
    """Precision, recall and F1 by labelled place: the other rules' findings and the candidates from `threshold` on."""
    said = collections.defaultdict(list)
    with open(path, encoding="utf8") as f:
        for finding in map(json.loads, f):
            if finding["rule"] not in GENERIC:
                line = finding["line"]
                said[finding["file"]].append((line, max(line, finding.get("end_line") or 0)))
    for (file, line, _), score in zip(places, points):
        if score >= threshold:
            said[file].append((line, line))
    tp = fp = fn = 0
    for file, rows in labels.items():
        sites = collections.defaultdict(bool)
        for x in rows:
            sites[x["line_start"], x["line_end"]] |= x["truth"]
        true = [span for span, truth in sites.items() if truth]
        for (start, end), truth in sites.items():
            if not truth and any(a <= end and start <= b for a, b in true):
                continue  # a line with a secret and something else: cannot be told apart
            hit = any(a <= end and start <= b for a, b in said[file])
            tp, fp, fn = tp + (truth and hit), fp + (not truth and hit), fn + (truth and not hit)
    p, r = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return p, r, 2 * p * r / max(p + r, 1e-9)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("features")
    ap.add_argument("labels")
    ap.add_argument("--clean", nargs="*", default=[])
    ap.add_argument("--others")
    ap.add_argument("--out")
    ap.add_argument("--held-out", help="write the held-out points of every candidate here, as JSON lines")
    a = ap.parse_args()
    names, places, x = read_features(a.features)
    labels = read_labels(a.labels)
    y = np.array([label_of(p, labels) for p in places])
    keep = y > -2
    groups = np.array([p[0].split("/")[0] for p in places])
    weights = np.where(y == -1, UNLABELLED, 1.0)
    known = y >= 0
    print(f"{len(y)} candidates, {(y == 1).sum()} secrets, {(y == 0).sum()} others, {(y == -1).sum()} unlabelled, "
          f"{len(set(groups))} repositories")
    extra = np.zeros((0, x.shape[1]), dtype=np.int16)
    for path in a.clean:
        extra = np.vstack([extra, read_features(path)[2]])

    def train(rows):
        xs = np.vstack([x[rows], extra])
        ys = np.concatenate([np.maximum(y[rows], 0), np.zeros(len(extra))])
        ws = np.concatenate([weights[rows], np.full(len(extra), CLEAN)])
        return table(fit(xs, ys, ws), xs, ws)

    points = np.zeros(len(y), dtype=int)
    for rest, out in GroupKFold(8, shuffle=True, random_state=1).split(x, y, groups):
        rows = rest[keep[rest]]
        points[out] = predict(train(rows), x[out])
    curve = {t: figures(points[known], y[known], t) for t in range(-300, 900, 5)}
    top = max(f1 for _, _, f1 in curve.values())
    # F1 is flat around its maximum: of what is as good, the strictest has the fewest false alarms.
    best = max(t for t, (_, _, f1) in curve.items() if f1 >= top - SLACK)
    strict = next((t for t in curve if t > best and curve[t][0] >= STRICT), 900)
    for name, t in (("low", best - 100), ("medium", best), ("high", strict)):
        print("held out, %-6s from %4d: precision %.3f recall %.3f F1 %.3f" % (name, t, *figures(points[known], y[known], t)))
        if a.others:
            found = of_all_rules(a.others, places, points, labels, t)
            print("          with all other rules: precision %.3f recall %.3f F1 %.3f" % found)
    tab = train(np.flatnonzero(keep))
    print("fitted to all, medium: precision %.3f recall %.3f F1 %.3f" % figures(predict(tab, x[known]), y[known], best))
    used = collections.Counter()
    for n, (f, _, above, v) in enumerate(tab[2]):
        if f != 255:
            used[f] += abs(tab[2][n + 1][3] - v) + abs(tab[2][n + above][3] - v)
    for f, gain in used.most_common(25):
        print("  %5d %s" % (gain, names[f]))
    print("never asked for:", [names[f] for f in range(len(names)) if f not in used])
    if a.held_out:
        with open(a.held_out, "w", encoding="utf8") as f:
            for p, s, t in zip(places, points, y):
                f.write(json.dumps(dict(file=p[0], line=p[1], value=p[2], points=int(s), label=int(t))) + "\n")
    if a.out:
        write(a.out, tab, best, strict)


def write(path, tab, medium, high):
    base, roots, nodes = tab
    with open(path, "w", encoding="utf8") as f:
        f.write("//! The generic score's table. Written by `scripts/train_generic.py`; docs/detection.md says how.\n\n"
                "use super::trees::Node;\n\n")
        for doc, name, value in (
                ("Where every score begins.", "BASE", base),
                ("A finding of low confidence, from here on.", "LOW", medium - 100),
                ("A finding of medium confidence.", "MEDIUM", medium),
                ("A finding of high confidence.", "HIGH", high)):
            f.write(f"/// {doc}\npub const {name}: i32 = {value};\n")
        f.write("\n/// Where each tree begins.\n#[rustfmt::skip]\npub static ROOTS: [u16; %d] = [\n" % len(roots))
        for i in range(0, len(roots), 20):
            f.write("    " + " ".join(f"{r}," for r in roots[i:i + 20]) + "\n")
        f.write("];\n\n#[rustfmt::skip]\nconst fn n(feature: u8, threshold: i16, above: u8, value: i16) -> Node {\n"
                "    Node { feature, threshold, above, value }\n}\n\n"
                "/// The trees, each node before its lower half and that before its upper half.\n#[rustfmt::skip]\n"
                "pub static NODES: [Node; %d] = [\n" % len(nodes))
        for i in range(0, len(nodes), 6):
            f.write("    " + " ".join("n(%d, %d, %d, %d)," % n for n in nodes[i:i + 6]) + "\n")
        f.write("];\n")


if __name__ == "__main__":
    main()
