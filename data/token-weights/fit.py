"""Computes the weights in src/tokens, the small form by fitting it, the exact form by correcting and rounding it, and in
src/forecast how far tokenizers differ. Prints what the correction is worth.

    python3 data/token-weights/fit.py WEIGHTS.json DOCUMENTS.jsonl

needs numpy and scipy, and is run by hand when there are better figures. What it reads is described in README.md beside it.
The state machine below is that of src/tokens/class.rs and machine.rs: what changes there has to change here.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

SOURCES = Path(__file__).resolve().parents[2] / "src"
FAMILIES = ["claude2", "claude3", "claude47", "o200k", "cl100k", "llama2", "llama3", "qwen3", "deepseek3", "gemma3", "tekken"]
EXACT = ["claude3", "claude47", "o200k", "gemma3"]
# Those whose words of Cyrillic letters are corrected, and what holds the factors at 1: that of all such words, and that of
# what joins letters that Russian has with others.
CORRECTED = ["o200k", "gemma3"]
CORRECTION_HELD = np.array([0.1, 0.003])
# What a tokenizer may differ by from all that are known, and what holds a factor at 1.
OWN, HELD = 0.12, 0.2
# The unknown tokenizer is none of these two, which no model of today has.
OLD = ["claude2", "llama2"]

STATES, CLASSES, REPEATS, LETTERS = 100, 32, 24, 27
CELLS = STATES * CLASSES

# Classes and their runs of states; see class.rs.
VOWEL, CONSONANT, CAPITAL, DIGIT, SPACE, NEWLINE, TAB, QUOTE = range(8)
OTHER_MARK, CONTROL, ACCENTED, CYRILLIC, GREEK, ARABIC, INDIC, THAI, HAN, KANA, HANGUL = range(13, 24)
WIDE_MARK, TYPOGRAPHIC, SYMBOL, EMOJI, RARE, RAREST, HEBREW, DEVANAGARI = range(24, 32)
RUNS = {
    CAPITAL: (15, 18), SPACE: (22, 26), NEWLINE: (27, 28), TAB: (29, 30), CYRILLIC: (50, 57), GREEK: (58, 61),
    ARABIC: (62, 67), INDIC: (68, 71), THAI: (72, 75), HAN: (76, 77), KANA: (78, 80), HANGUL: (81, 84), WIDE_MARK: (85, 85),
    TYPOGRAPHIC: (86, 86), SYMBOL: (87, 87), EMOJI: (88, 88), RARE: (89, 90), RAREST: (91, 91), HEBREW: (92, 95),
    DEVANAGARI: (96, 99),
}
ASCII = {**dict.fromkeys("aeiou", VOWEL), **dict.fromkeys("\n\r", NEWLINE), " ": SPACE, "\t": TAB}
for offset, marks in enumerate(["\"", "'", ".,;:!?", "()[]{}<>", "_", "-=*#~"]):
    ASCII.update(dict.fromkeys(marks, QUOTE + offset))
STARTS = [
    (0x0080, CONTROL), (0x00A0, TYPOGRAPHIC), (0x00C0, ACCENTED), (0x0370, GREEK), (0x0410, CYRILLIC), (0x0450, GREEK),
    (0x0590, HEBREW), (0x0600, ARABIC), (0x0700, RARE), (0x0750, ARABIC), (0x0780, RARE), (0x08A0, ARABIC), (0x0900, DEVANAGARI), (0x0980, INDIC),
    (0x0D80, RARE), (0x0E00, THAI), (0x0E80, RARE), (0x10A0, GREEK), (0x1100, HANGUL), (0x1200, RARE),
    (0x13A0, RAREST), (0x1780, RARE), (0x1800, RAREST), (0x1C80, CYRILLIC), (0x1C90, RARE),
    (0x1E00, ACCENTED), (0x1F00, GREEK), (0x2000, TYPOGRAPHIC), (0x200D, EMOJI), (0x200E, TYPOGRAPHIC), (0x2070, SYMBOL),
    (0x2C00, RARE), (0x2D00, GREEK), (0x2D30, RAREST), (0x2D80, RARE), (0x2DE0, CYRILLIC), (0x2E00, RARE), (0x2E80, HAN), (0x3000, WIDE_MARK), (0x3040, KANA), (0x3100, RARE),
    (0x3130, HANGUL), (0x3190, RARE), (0x31F0, KANA), (0x3200, RARE), (0x3400, HAN), (0x4DC0, RARE), (0x4E00, HAN),
    (0xA000, RARE), (0xA640, CYRILLIC), (0xA6A0, RARE), (0xA980, RAREST), (0xAC00, HANGUL), (0xD7B0, RARE), (0xF900, HAN), (0xFB00, RARE),
    (0xFB50, ARABIC), (0xFE00, EMOJI), (0xFE10, RARE), (0xFE30, WIDE_MARK), (0xFE50, RARE), (0xFE70, ARABIC), (0xFEFF, RARE),
    (0xFF00, WIDE_MARK), (0xFF66, KANA), (0xFFA0, RARE), (0x10000, RAREST), (0x1F000, EMOJI), (0x20000, HAN), (0x40000, RAREST),
]


def class_of(character):
    if ord(character) >= 0x80:
        return [kind for start, kind in STARTS if start <= ord(character)][-1]
    if character.isalpha():
        return CAPITAL if character.isupper() else ASCII.get(character, CONSONANT)
    if character.isdigit():
        return DIGIT
    return ASCII.get(character, CONTROL if character < " " or character == "\x7f" else OTHER_MARK)


def is_mark(kind):
    return QUOTE <= kind <= CONTROL


def after(state, kind):
    """The state after a character."""
    if kind in (VOWEL, CONSONANT, ACCENTED):
        return min(state + 1, 14) if 1 <= state <= 14 else 2 if 15 <= state <= 18 else 1
    if kind == DIGIT:
        return 19 + (state - 18) % 3 if 19 <= state <= 21 else 19
    if is_mark(kind):
        return (39 if 31 <= state <= 49 else 31) + kind - QUOTE
    first, last = RUNS[kind]
    return min(state + 1, last) if first <= state <= last else first


# What is fitted. The first 24 are those of the form that is fitted anew; what begins with "+" is added to others.
FEATURES = [
    "word", "hump", "capital", "fifth", "seventh", "tenth", "accent", "digit", "number", "fourth digit", "space", "line",
    "mark", "repeated", "further mark", "cyrillic", "+cyrillic word", "greek", "arabic", "indic", "thai", "han", "kana",
    "hangul", "emoji", "+number after space", "+number after spaces", "scrambled", "space after mark", "+after quote",
    "+quote after space", "rare",
]
WHOLE = {CYRILLIC: "cyrillic", GREEK: "greek", HEBREW: "greek", ARABIC: "arabic", INDIC: "indic", DEVANAGARI: "indic",
         RARE: "rare", THAI: "thai", HAN: "han", KANA: "kana", HANGUL: "hangul", EMOJI: "emoji"}


def features_of(state, kind):
    """What the small form adds for a cell."""
    in_letters, in_capitals, after_mark = 1 <= state <= 14, 15 <= state <= 18, 31 <= state <= 49 or 85 <= state <= 88
    if kind in (VOWEL, CONSONANT, ACCENTED):
        accent = ["accent"] if kind == ACCENTED else []
        if not in_letters:
            scrambled = 16 <= state <= 18 and kind == CONSONANT
            return accent + (["scrambled"] if scrambled else [] if in_capitals else ["word"])
        return accent + (["tenth"] if state >= 9 else ["seventh"] if state >= 6 else ["fifth"] if state >= 4 else [])
    if kind == CAPITAL:
        return ["hump" if in_letters else "capital" if in_capitals else "word"]
    if kind == DIGIT:
        if 19 <= state <= 21:
            return ["digit", "fourth digit"] if state == 21 else ["digit"]
        return ["digit", "number"] + {22: ["+number after space"]}.get(state, ["+number after spaces"] if 23 <= state <= 26 else [])
    if kind in (SPACE, TAB):
        if 22 <= state <= 26 or 29 <= state <= 30:
            return ["space"]
        return ["space after mark"] if kind == SPACE and 31 <= state <= 38 else []
    if kind == NEWLINE:
        return [] if state in (27, 28) else ["line"]
    if is_mark(kind) or kind in (WIDE_MARK, TYPOGRAPHIC):
        if state in (31, 39) and kind == OTHER_MARK:
            return ["further mark", "+after quote"]
        if after_mark:
            return ["further mark"]
        return ["mark", "+quote after space"] if state == 22 and kind == QUOTE else ["mark"]
    if kind == SYMBOL:
        return ["mark", "further mark"]
    if kind == RAREST:
        return ["rare", "rare"]
    word = ["+cyrillic word"] if kind == CYRILLIC and not 50 <= state <= 57 else []
    return [WHOLE[kind]] + word


# The order of `kind` in machine.rs.
KINDS = [
    [], ["word"], ["word", "accent"], ["accent"], ["fifth"], ["fifth", "accent"], ["seventh"], ["seventh", "accent"],
    ["tenth"], ["tenth", "accent"], ["hump"], ["capital"], ["scrambled"], ["digit", "number"],
    ["digit", "number", "+number after space"], ["digit", "number", "+number after spaces"], ["digit"],
    ["digit", "fourth digit"], ["space"], ["space after mark"], ["line"], ["mark"], ["further mark"],
    ["mark", "+quote after space"], ["further mark", "+after quote"], ["repeated"], ["mark", "further mark"], ["emoji"],
    ["rare", "rare"], ["cyrillic", "+cyrillic word"], ["cyrillic"], ["greek"], ["arabic"], ["indic"],
    ["thai"], ["han"], ["kana"], ["hangul"], ["rare"],
]


# The group of a class, as group_of in machine.rs has it.
GROUPS = 10
GROUP = {
    VOWEL: 0, CONSONANT: 0, CAPITAL: 0, DIGIT: 1, ACCENTED: 3, CYRILLIC: 3, GREEK: 3, HAN: 4, KANA: 4, HANGUL: 5, INDIC: 6,
    DEVANAGARI: 6, THAI: 7, ARABIC: 8, HEBREW: 8, RARE: 9, RAREST: 9,
}


def row(names):
    return [names.count(name) for name in FEATURES]


def counts_of(text, known):
    """How often each cell and each repeat is met."""
    counts = np.zeros(CELLS + REPEATS)
    state, last, repeat = 0, None, 0
    for character in text:
        kind = known.get(character)
        if kind is None:
            kind = known[character] = class_of(character)
        if character == last and is_mark(kind):
            repeat = min(repeat + 1, 3)
            counts[CELLS + (repeat - 1) * 8 + kind - QUOTE] += 1
            state = 46 + repeat
        else:
            repeat = 0
            counts[state * CLASSES + kind] += 1
            state = after(state, kind)
        last = character
    return counts


def fit(features, tokens, start, pull=1e-3):
    """Least squares of the relative error, with less weight on those that are far off; `pull` draws towards `start`."""
    matrix = features / tokens[:, None]
    # What is hardly met is left where it starts.
    scale = np.sqrt((matrix**2).mean(0)) + 3e-3
    matrix /= scale
    held = np.sqrt(pull * len(tokens)) * np.eye(matrix.shape[1])
    weight = np.ones(len(tokens))
    for _ in range(6):
        solution, _ = nnls(np.vstack([matrix * weight[:, None], held]), np.concatenate([weight, held @ (start * scale)]), maxiter=5000)
        weight = 1 / np.sqrt(np.maximum(abs(matrix @ solution - 1), 0.02))
        weight /= np.sqrt((weight**2).mean())
    return solution / scale


def small_rows(weights, documents, counts):
    cells = [row(features_of(state, kind)) for state in range(STATES) for kind in range(CLASSES)]
    features = counts @ np.array(cells + [row(["repeated"])] * REPEATS)
    rows = {}
    for family in FAMILIES:
        e24 = np.array(weights[family]["e24"])
        start = np.concatenate([e24, [e24[12] + 2 * e24[14]], np.zeros(len(FEATURES) - 26), e24[19:20]])
        tokens = np.array([document["tokens"].get(family, 0) for document in documents], float)
        # Without counts, the weights that are known have to do.
        fitted = fit(features, tokens, start) if tokens.all() else start
        rounded = np.minimum(np.round(fitted * 64), 255).astype(int)
        rows[family] = [min(int(np.dot(row(names), rounded)), 255) for names in KINDS]
    modern = [rows[family] for family in FAMILIES if family not in OLD]
    return {**rows, "unknown": [round(sum(column) / len(modern)) for column in zip(*modern)]}


def variety(small, documents, counts):
    """The covariance over the known tokenizers of what they make of each group, as a factor of what the unknown one does,
    in thousandths: row by row up to the diagonal."""
    kinds = [row(names) for names in KINDS]
    cells = [kinds.index(row(features_of(state, kind))) for state in range(STATES) for kind in range(CLASSES)]
    weight = np.array([small["unknown"][kind] for kind in cells + [KINDS.index(["repeated"])] * REPEATS]) / 64
    groups = [GROUP.get(kind, 2) for kind in range(CLASSES)] * STATES + [2] * REPEATS
    text = (counts * weight) @ np.eye(GROUPS)[groups]
    factors = []
    for family in FAMILIES:
        tokens = np.array([document["tokens"].get(family, 0) for document in documents], float)
        if not tokens.all():
            continue
        matrix, factor, trust = text / tokens[:, None], np.ones(GROUPS), np.ones(len(tokens))
        for _ in range(8):
            part = matrix * trust[:, None]
            # Factors of 1 where a group is hardly met.
            held = part.T @ part + HELD * np.eye(GROUPS)
            factor = 1 + np.linalg.solve(held, part.T @ (trust * (1 - matrix.sum(1))))
            trust = 1 / np.sqrt(np.maximum(abs(matrix @ factor - 1), 0.03))
        factors.append(factor - 1)
    factors = np.array(factors)
    rounded = np.round((factors.T @ factors / len(factors) + OWN**2 * np.eye(GROUPS)) * 1000).astype(int)
    assert np.linalg.eigvalsh(rounded).min() > 0
    return [[int(pair) for pair in line[: index + 1]] for index, line in enumerate(rounded)]


def pairs_of(text):
    """How often each pair of letters is met."""
    pairs, last = np.zeros(LETTERS * LETTERS), 0
    for character in text:
        letter = ord(character) & 31 if character.isascii() and character.isalpha() else 0
        pairs[last * LETTERS + letter] += 1
        last = letter
    return pairs


def corrected_cells():
    """Which cells are words of Cyrillic letters, and which of them join letters that Russian has with others."""
    state, kind = np.divmod(np.arange(CELLS + REPEATS), CLASSES)
    kind[CELLS:] = CONTROL
    in_cyrillic, in_greek = [(RUNS[script][0] <= state) & (state <= RUNS[script][1]) for script in (CYRILLIC, GREEK)]
    joint = in_cyrillic & (kind == GREEK) | in_greek & (kind == CYRILLIC)
    return np.array([(in_cyrillic | (kind == CYRILLIC)) & ~joint, joint])


def factors_of(parts, others, tokens):
    """Factors for parts of estimates, by least squares of the relative error with less weight on those that are far off."""
    matrix, missing, factors = parts / tokens[:, None], 1 - (others + parts.sum(1)) / tokens, np.zeros(parts.shape[1])
    for _ in range(9):
        trust = 1 / np.sqrt(np.maximum(abs(matrix @ factors - missing), 0.03))
        trust /= np.sqrt((trust**2).mean())
        part = matrix * trust[:, None]
        factors = np.linalg.solve(part.T @ part + np.diag(CORRECTION_HELD), part.T @ (trust * missing))
    return 1 + factors


def cross_validated(parts, others, tokens, sources):
    """The mean error on documents whose source the factors were not fitted on, over five divisions into five folds."""
    names, errors = sorted(set(sources)), []
    for seed in range(5):
        fold = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % 5))
        folds = np.array([fold[source] for source in sources])
        for held_out in [folds == number for number in range(5)]:
            factors = factors_of(parts[~held_out], others[~held_out], tokens[~held_out])
            errors.append(abs((others + parts @ factors)[held_out] / tokens[held_out] - 1))
    return np.concatenate(errors).mean()


def exact_tables(weights, documents, counts):
    pairs_met = np.array([pairs_of(document["text"]) for document in documents])
    sources = [document["src"].split("#")[0] for document in documents]
    kinds, tables = corrected_cells(), []
    for family in EXACT:
        cells, pairs = [np.array(weights[family][name], float) for name in ("cells_x4096", "bigram_x4096")]
        if family in CORRECTED:
            tokens = np.array([document["tokens"][family] for document in documents], float)
            parts = (counts * cells) @ kinds.T / 4096
            others = (counts @ cells + pairs_met @ pairs) / 4096 - parts.sum(1)
            factors = factors_of(parts, others, tokens)
            errors = [abs((others + parts @ by) / tokens - 1).mean() for by in (np.ones(2), factors)]
            errors.append(cross_validated(parts, others, tokens, sources))
            print(family, factors.round(3), *(f"{error:.2%}" for error in errors))
            cells *= 1 + (factors - 1) @ kinds
        cells = [min(round(weight / 64), 255) for weight in cells.tolist()]
        pairs = [round(weight / 128) & 0xFF for weight in pairs.tolist()]
        assert (len(cells), len(pairs)) == (CELLS + REPEATS, LETTERS * LETTERS)
        tables.append(cells + pairs)
    header = bytes([len(EXACT)] + [FAMILIES.index(family) for family in EXACT])
    return b"tokens\x01" + header + bytes(weight for weights in zip(*tables) for weight in weights)


def replace(path, begin, end, lines):
    code = path.read_text()
    start = code.index(begin) + len(begin)
    path.write_text(code[:start] + "".join(f"    {line}\n" for line in lines) + code[code.index(end, start):])


def main():
    weights = json.loads(Path(sys.argv[1]).read_text())
    documents = [json.loads(line) for line in Path(sys.argv[2]).read_text().split("\n") if line]
    known = {}
    counts = np.array([counts_of(document["text"], known) for document in documents])
    small = small_rows(weights, documents, counts)
    rows = [f"{row}, // {family}" for family, row in small.items()]
    replace(SOURCES / "tokens" / "small.rs", "] = [\n", "];", rows)
    rows = [", ".join(map(str, line)) + "," for line in variety(small, documents, counts)]
    replace(SOURCES / "forecast" / "variety.rs", "] = [\n", "];", rows)
    (SOURCES / "tokens" / "exact.bin").write_bytes(exact_tables(weights, documents, counts))


main()
