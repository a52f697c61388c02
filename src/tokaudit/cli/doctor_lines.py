"""How is what `doctor` found written, a fact a line?

What a file holds stands under its name; what its source could show besides stands once, at the end, however many files it
wrote. Files that follow one another and are alike stand together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tokaudit.doctor import AbilityFound, FileFound, FormatFound, RejectsFound
from tokaudit.prices.names import NO_RATE
from tokaudit.report.format import count, counted, minute, share, size
from tokaudit.report.safe_text import safe_text

_LONGEST = 160
_FEWEST_ALIKE = 5
"""Files that stand together; fewer are listed one by one."""
_MODELS_SHOWN = 5
_OWN_RATES = "; give one with --prices"
_LAYERS = {
    "lines": "JSON lines",
    "session": "JSON lines",
    "document": "JSON",
    "table": "CSV",
    "events": "event streams",
    "chunks": "stream chunks, one a line",
    "cassette": "recorded HTTP (YAML)",
    "container": "a container's log",
    "spread": "JSON in a text log",
    "text": "text lines with key=value pairs",
}
"""How the records of a file are cut, in words. What it is packed in stands as it is called."""
_STATES = {
    "missing": "no token counts in {}: estimated from the texts, where they are logged",
    "cache_split_unknown": "no word of the cache in {}: priced as if nothing was cached",
    "output_lower_bound": "not all output counted in {}: the cost is a lower bound",
    "estimated": "a count stated for several calls together divided among {}",
}
"""What a usage state that is not exact means for the calls in it."""


def lines_of(files: Sequence[FileFound]) -> Iterator[str]:
    """Write what was found; a blank line ends each file."""
    for alike in _alike(files):
        yield from lines_of_file(_merged(alike), len(alike), alike[-1].file)
        yield ""
    for reader, found in _by_reader(files).items():
        if lines := list(_lines_of_source(found)):
            yield f"About {reader}:"
            yield from lines
            yield ""
    yield _together(files)


def lines_of_file(file: FileFound, files: int = 1, last: str = "") -> Iterator[str]:
    """Write what is known of a file, or of several that are alike."""
    layers = "".join(f", {_LAYERS.get(layer, layer)}" for layer in file.layers)
    name, several = safe_text(file.file, _LONGEST), f"{count(files)} files, " if files > 1 else ""
    to_last = f" … {safe_text(last, _LONGEST)}" if files > 1 else ""
    yield f"{name}{to_last} ({several}{size(file.bytes)}){layers}"
    if file.refused:
        yield f"  cannot be audited: {safe_text(file.refused, _LONGEST)}"
    for found in file.formats:
        yield from _lines_of_format(found)
    for kind, number in file.unnamed.items():
        yield f"  {counted(number, kind)}"
    if file.repeated:
        yield f"  {counted(file.repeated, 'call')} seen before, here or in another file: each counts once"
    for rejects in file.rejects:
        yield _rejected(rejects, is_said=rejects.reason == file.refused)
    if file.columns:
        pairs = ", ".join(f"{field} = {safe_text(name)!r}" for field, name in sorted(file.columns.items()))
        yield f"  columns: {pairs} (change one with --column FIELD=NAME)"
    elif len(file.unknown) > 1:
        names = ", ".join(safe_text(name) for name in file.unknown)
        what = "columns" if "table" in file.layers else "keys"
        yield f"  not known: {what} {names}"
        yield "    if they count tokens, say so: --column input_tokens=NAME --column output_tokens=NAME"


def _rejected(rejects: RejectsFound, *, is_said: bool) -> str:
    lines = ", ".join(str(line) for line in dict.fromkeys(rejects.first_lines))
    more = ", …" if rejects.count > len(rejects.first_lines) else ""
    where = f" (line {lines}{more})" if lines else ""
    reason = "" if is_said else f": {safe_text(rejects.reason, _LONGEST)}"
    return f"  rejected: {counted(rejects.count, 'record')}{reason}{where}"


def _lines_of_format(found: FormatFound) -> Iterator[str]:
    yield f"  {found.reader}: {found.title}"
    if found.sign:
        yield f"    recognised by {found.sign}"
    if kinds := ", ".join(_kinds(found)):
        yield f"    holds {kinds}"
    if found.calls:
        yield f"    shows {_shown(found.abilities)}"
    for state, number in found.usage_state.items():
        if state in _STATES:
            yield f"    {_STATES[state].format(counted(number, 'call'))}"
    for reason, models in found.unpriced.items():
        yield f"    no price for {_models(models)}: {reason}" + (_OWN_RATES if reason == NO_RATE else "")


def _kinds(found: FormatFound) -> Iterator[str]:
    if found.calls:
        yield f"{counted(found.calls, 'call')}{_period(found)}"
    if found.fragments:
        yield counted(found.fragments, "record that tells more of calls elsewhere")
    for kind, number in found.asides.items():
        yield counted(number, kind)


def _period(found: FormatFound) -> str:
    if not found.first_call or not found.last_call:
        return " without a time"
    first, last = minute(found.first_call), minute(found.last_call)
    undated = f" ({count(found.undated)} of them without a time)" if found.undated else ""
    return f"{f' from {first} to {last}' if first != last else f' of {first}'}{undated}"


def _shown(abilities: Sequence[AbilityFound]) -> str:
    whole = [each.ability for each in abilities if each.share == 1]
    parts = [f"{each.ability} in {share(each.share)} of the calls" for each in abilities if 0 < each.share < 1]
    none = [each.ability for each in abilities if each.share == 0]
    told = [", ".join(whole), *parts, f"no {', no '.join(none)}" if none else ""]
    return "; ".join(text for text in told if text)


def _models(calls: Mapping[str, int]) -> str:
    models = sorted(calls.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(
        f"{safe_text(name) if name else 'no model'} ({counted(number, 'call')})"
        for name, number in models[:_MODELS_SHOWN]
    )
    more = len(models) - _MODELS_SHOWN
    return f"{shown} and {counted(more, 'more model')}" if more > 0 else shown


def _lines_of_source(found: Sequence[FormatFound]) -> Iterator[str]:
    """Write what the source of a format could show besides, and what no export of it shows."""
    abilities = [each for one in found for each in one.abilities]
    for ability in dict.fromkeys(each.ability for each in abilities):
        own = [each for each in abilities if each.ability == ability]
        if switch_on := next((each.switch_on for each in own if each.switch_on), None):
            yield f"  to see {ability}: {switch_on}"
        if limit := next((each.limit for each in own if each.limit), None):
            yield f"  on {ability}: {limit}"


def _by_reader(files: Sequence[FileFound]) -> Mapping[str, list[FormatFound]]:
    found: dict[str, list[FormatFound]] = {}
    for file in files:
        for one in file.formats:
            found.setdefault(one.reader, []).append(one)
    return found


def _together(files: Sequence[FileFound]) -> str:
    calls = sum(found.calls for file in files for found in file.formats)
    repeated = sum(file.repeated for file in files)
    rejected = sum(rejects.count for file in files for rejects in file.rejects)
    refused = sum(file.refused is not None for file in files)
    again = f" ({count(repeated)} of them seen before)" if repeated else ""
    left = f"; {counted(refused, 'file')} cannot be audited" if refused else ""
    return f"{counted(len(files), 'file')}, {counted(calls, 'call')}{again}, {count(rejected)} rejected{left}"


def _alike(files: Sequence[FileFound]) -> Iterator[list[FileFound]]:
    for _, group in groupby(files, key=_kind):
        alike = list(group)
        yield from [alike] if len(alike) >= _FEWEST_ALIKE else ([file] for file in alike)


def _kind(file: FileFound) -> object:
    """Return what two files have in common that are described in the same words, but for numbers."""
    formats = tuple(
        (
            found.reader,
            tuple((reason, tuple(models)) for reason, models in found.unpriced.items()),
            tuple((each.ability, each.share in (0, 1) and each.share) for each in found.abilities),
        )
        for found in file.formats
    )
    rejects = tuple(sorted(rejects.reason for rejects in file.rejects))
    return file.layers, file.refused, formats, rejects, tuple(sorted(file.columns.items())), file.unknown


def _merged(files: Sequence[FileFound]) -> FileFound:
    """Add up what files that are alike hold."""
    if len(files) == 1:
        return files[0]
    formats = _by_reader(files)
    return replace(
        files[0],
        bytes=sum(file.bytes for file in files),
        formats=tuple(_merged_format(found) for found in formats.values()),
        unnamed=_summed(file.unnamed for file in files),
        rejects=tuple(_merged_rejects([rejects for file in files for rejects in file.rejects])),
        repeated=sum(file.repeated for file in files),
    )


def _merged_format(found: Sequence[FormatFound]) -> FormatFound:
    calls = sum(one.calls for one in found)
    firsts, lasts = ([time for one in found if (time := getattr(one, name))] for name in ("first_call", "last_call"))
    abilities = tuple(
        replace(own[0], share=sum(each.share * one.calls for each, one in zip(own, found, strict=True)) / calls)
        for own in zip(*(one.abilities for one in found), strict=True)
    )
    return replace(
        found[0],
        calls=calls,
        fragments=sum(one.fragments for one in found),
        asides=_summed(one.asides for one in found),
        first_call=min(firsts, default=None),
        last_call=max(lasts, default=None),
        undated=sum(one.undated for one in found),
        usage_state=_summed(one.usage_state for one in found),
        unpriced={reason: _summed(one.unpriced[reason] for one in found) for reason in found[0].unpriced},
        abilities=abilities,
    )


def _merged_rejects(found: Sequence[RejectsFound]) -> Iterator[RejectsFound]:
    """Add up the rejects by reason; a line means nothing without its file."""
    for reason, number in _summed({rejects.reason: rejects.count} for rejects in found).items():
        yield RejectsFound(reason, number, ())


def _summed(counters: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return dict(sorted(total.items()))
