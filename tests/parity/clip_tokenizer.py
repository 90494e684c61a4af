"""CLIP's byte-pair encoding, written after its description: the oracle for tokenizers made of a merges file."""
import gzip
import unicodedata

import regex

START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")
SPECIAL = regex.compile(r"(<\|startoftext\|>|<\|endoftext\|>)")


class ClipTokenizer:
    def __init__(self, path, max_tokens):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            merges = [tuple(line.split()) for line in file.read().splitlines()[1:]]
        printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [byte for byte in range(256) if byte not in printable]
        self.character_of = {byte: chr(byte) for byte in printable}
        self.character_of |= {byte: chr(0x100 + i) for i, byte in enumerate(others)}
        characters = [self.character_of[byte] for byte in printable + others]
        pieces = characters + [character + "</w>" for character in characters] + ["".join(pair) for pair in merges]
        self.ids = {piece: i for i, piece in enumerate(pieces + [START, END])}
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.max_tokens = max_tokens
        self.cache = {}

    def encode(self, text):
        ids = []
        for part in SPECIAL.split(text):
            if part in (START, END):
                ids.append(self.ids[part])
            else:
                # One character at a time: no sigma is final.
                lower = "".join(character.lower() for character in unicodedata.normalize("NFC", part))
                ids += [i for word in WORDS.findall(lower) for i in self.encode_word(word)]
        return [self.ids[START], *ids[:self.max_tokens - 2], self.ids[END]]

    def encode_word(self, word):
        if word not in self.cache:
            pieces = [self.character_of[byte] for byte in word.encode()]
            pieces[-1] += "</w>"
            self.cache[word] = [self.ids[piece] for piece in self.merge(pieces)]
        return self.cache[word]

    def merge(self, pieces):
        """Joins the pair that was learnt first wherever it stands, until no pair is known."""
        while True:
            pair = min(zip(pieces, pieces[1:]), key=lambda pair: self.rank.get(pair, len(self.rank)), default=None)
            if pair not in self.rank:
                return pieces
            joined = []
            for piece in pieces:
                if joined and (joined[-1], piece) == pair:
                    joined[-1] += piece
                else:
                    joined.append(piece)
            pieces = joined
