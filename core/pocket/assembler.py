"""Assemble rows.wat, one function of WebAssembly that a person can read, into the module that browsers run.

It knows what that file needs of the text format: an imported memory, an exported function with parameters and locals,
and its instructions in lines of their own. Numbers are from the WebAssembly specification, section "Binary Format".
"""

import re

TYPES = {"i32": 0x7F, "v128": 0x7B}
PLAIN = {
    "end": b"\x0b",
    "i32.lt_u": b"\x49",
    "i32.add": b"\x6a",
    "i32.shl": b"\x74",
    "f32x4.add": b"\xfd\xe4\x01",
    "f32x4.mul": b"\xfd\xe6\x01",
}
WITH_LOCAL = {"local.get": b"\x20", "local.set": b"\x21", "local.tee": b"\x22"}
WITH_MEMORY = {
    "i32.load": b"\x28",
    "v128.load": b"\xfd\x00",
    "v128.load32_splat": b"\xfd\x09",
    "v128.store": b"\xfd\x0b",
}
ALIGNMENT = 2  # a promise of four bytes, as a power of two


def assemble(text: str) -> bytes:
    """Return the module of a text like rows.wat. Raises ValueError for an instruction that is not known here."""
    text = re.sub(r";;.*", "", text)
    imported = re.search(r'\(import "(\w+)" "(\w+)" \(memory (\d+)\)\)', text)
    exported = re.search(r'\(export "(\w+)"\)', text)
    if not imported or not exported:
        raise ValueError("a module imports its memory and exports one function")
    module, memory, pages = imported.groups()
    parameters, variables = (re.findall(rf"\({kind} (\$\w+) (\w+)\)", text) for kind in ("param", "local"))
    names = [name for name, _ in parameters + variables]
    lines = [line.split() for line in text.splitlines() if line.strip() and not re.match(r"\s*[()]", line)]
    body = _vector(b"\x01" + bytes([TYPES[kind]]) for _, kind in variables) + _instructions(lines, names) + PLAIN["end"]
    sections = {
        1: b"\x60" + _vector(bytes([TYPES[kind]]) for _, kind in parameters) + b"\x00",  # the function's type
        2: _name(module) + _name(memory) + b"\x02\x00" + _unsigned(int(pages)),  # the memory that is brought in
        3: b"\x00",  # the function is of the first type
        7: _name(exported[1]) + b"\x00\x00",  # and goes out
        10: _unsigned(len(body)) + body,
    }
    encoded = (
        bytes([number]) + _unsigned(1 + len(content)) + b"\x01" + content for number, content in sections.items()
    )
    return b"\x00asm\x01\x00\x00\x00" + b"".join(encoded)


def _instructions(lines, names):
    code, labels = b"", []
    for name, *arguments in lines:
        if name in WITH_LOCAL:
            code += WITH_LOCAL[name] + _unsigned(names.index(arguments[0]))
        elif name in WITH_MEMORY:
            offset = int(arguments[0].removeprefix("offset=")) if arguments else 0
            code += WITH_MEMORY[name] + _unsigned(ALIGNMENT) + _unsigned(offset)
        elif name == "i32.const":
            code += b"\x41" + _unsigned(int(arguments[0]))  # under 64, where signed and unsigned numbers look alike
        elif name == "loop":
            labels.append(arguments[0])
            code += b"\x03\x40"
        elif name == "br_if":
            code += b"\x0d" + _unsigned(labels[::-1].index(arguments[0]))  # how many loops further out
        elif name in PLAIN:
            labels = labels[:-1] if name == "end" else labels
            code += PLAIN[name]
        else:
            raise ValueError(f"{name} is not an instruction that this assembler knows")
    return code


def _vector(items):
    items = list(items)
    return _unsigned(len(items)) + b"".join(items)


def _name(text):
    return _unsigned(len(text)) + text.encode()


def _unsigned(number):
    """A number in LEB128: seven bits a byte, the lowest first."""
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])
