// What a text costs: the rules of core/encoding and core/segments once more, for the counter beside the text
// (3GPP 23.038 §6.1, §6.2; 23.040 §9.2.3.24.1). A test runs both over the same texts.

const ALPHABET =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

const PLAIN = new Set(ALPHABET);
const ESCAPED = new Set(EXTENSION);
const WHOLE_UNITS = { gsm7: 160, ucs2: 70 };
const PART_UNITS = { gsm7: 153, ucs2: 67 };
const MARK = /^\p{M}$/u;

const isKnown = (character) => PLAIN.has(character) || ESCAPED.has(character);

/** The distinct characters that make the text Unicode, in order of appearance. */
export function forcingCharacters(text) {
  return [...new Set([...text].filter((character) => !isKnown(character)))];
}

/**
 * {encoding, characters, units, parts, left, cuts}: `left` units in the last part; `cuts` where parts after
 * the first begin, as indexes of the string. null if the text holds half of a surrogate pair.
 */
export function measure(text) {
  if (!text.isWellFormed()) return null;
  const characters = [...text];
  const encoding = characters.every(isKnown) ? "gsm7" : "ucs2";
  const sizes = characters.map((character) =>
    encoding === "gsm7" ? (ESCAPED.has(character) ? 2 : 1) : character.length,
  );
  const units = sizes.reduce((sum, size) => sum + size, 0);
  if (units <= WHOLE_UNITS[encoding]) {
    return { encoding, characters: characters.length, units, parts: 1, left: WHOLE_UNITS[encoding] - units, cuts: [] };
  }
  const starts = partStarts(characters, sizes, PART_UNITS[encoding], encoding === "ucs2");
  const inLast = sizes.slice(starts.at(-1)).reduce((sum, size) => sum + size, 0);
  const cuts = starts.slice(1).map((start) => characters.slice(0, start).join("").length);
  return { encoding, characters: characters.length, units, parts: starts.length, left: PART_UNITS[encoding] - inLast, cuts };
}

/** Where each part begins, in characters: as full as possible, clear of graphemes where that costs no part. */
function partStarts(characters, sizes, room, keepsGraphemes) {
  const total = countFrom(sizes, 0, room);
  const starts = [];
  let start = 0;
  while (start < sizes.length) {
    starts.push(start);
    let end = farthestEnd(sizes, start, room);
    if (keepsGraphemes && end < sizes.length) {
      let kept = end;
      while (kept > start && isJoined(characters, kept)) kept -= 1;
      if (kept > start && kept !== end && starts.length + countFrom(sizes, kept, room) <= total) end = kept;
    }
    start = end;
  }
  return starts;
}

function farthestEnd(sizes, start, room) {
  let filled = 0;
  let end = start;
  while (end < sizes.length && filled + sizes[end] <= room) {
    filled += sizes[end];
    end += 1;
  }
  return end;
}

function countFrom(sizes, start, room) {
  let count = 0;
  while (start < sizes.length) {
    start = farthestEnd(sizes, start, room);
    count += 1;
  }
  return count;
}

const between = (character, low, high) => character.codePointAt(0) >= low && character.codePointAt(0) <= high;
const isRegional = (character) => between(character, 0x1f1e6, 0x1f1ff);

/** Whether the characters before and after `place` are read as one. */
function isJoined(characters, place) {
  const before = characters[place - 1];
  const after = characters[place];
  if (before === "\u200d" || after === "\u200d") return after.codePointAt(0) >= 0x300;
  if (MARK.test(after)) return true;
  if (between(after, 0x1f3fb, 0x1f3ff) || between(after, 0xe0020, 0xe007f)) return true;
  if (isRegional(after) && isRegional(before)) {
    let runStart = place;
    while (runStart > 0 && isRegional(characters[runStart - 1])) runStart -= 1;
    return (place - runStart) % 2 === 1;
  }
  return false;
}
