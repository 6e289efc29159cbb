"""Names that a spec may not take, because the Python that is written needs them."""

from __future__ import annotations

# Attributes of nn.Module without a leading underscore; those with one are refused altogether.
MODULE_ATTRIBUTES = frozenset("""
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu
    zero_grad
    """.split())

SEQUENTIAL_ATTRIBUTES = frozenset({"append", "extend", "insert", "pop"})
DICT_ATTRIBUTES = frozenset({"clear", "items", "keys", "pop", "update", "values"})

# What the emitted classes set on themselves.
EMITTED_ATTRIBUTES = frozenset({"in_channels", "out_channels"})

PYTHON_KEYWORDS = frozenset("""
    False None True and as assert async await break class continue def del elif else except
    finally for from global if import in is lambda nonlocal not or pass raise return try while
    with yield
    """.split())

# What the emitted module imports or calls.
EMITTED_NAMES = frozenset("""
    getattr torch nn F Tensor Any Callable Sequence Iterable Mapping Literal NamedTuple OrderedDict partial
    cast math super object property staticmethod isinstance ValueError list tuple dict set str bool
    int float len range enumerate zip reversed min max sum round sorted abs all any map print type
    self annotations kwargs
    """.split())


def refusal_of_name(name: str) -> str | None:
    """Why a definition, parameter, `let` or loop may not be called `name`; None where it may."""
    if name in PYTHON_KEYWORDS:
        return "it is a keyword of Python"
    if name in EMITTED_NAMES:
        return "the generated Python uses that name itself"
    if name.startswith("__"):
        return "names with two leading underscores are Python's own"
    return None


def refusal_of_keyword(name: str) -> str | None:
    """Why a class of Python can't be given an argument by that name; None where it can."""
    if name in PYTHON_KEYWORDS:
        return "it is a keyword of Python"
    if name == "self" or name.startswith("__"):
        return "no class takes an argument of that name"
    return None


def refusal_of_label(name: str, sequential: bool) -> str | None:
    """Why a module may not be called `name`; None where it may."""
    if not name.isidentifier() or name in PYTHON_KEYWORDS:
        return "it is not a name in Python"
    if not name.isascii():  # Python takes some of these for other letters
        return "names are written in ASCII letters"
    if name.startswith("_"):
        return "attributes with a leading underscore are PyTorch's own"
    if name in MODULE_ATTRIBUTES:
        return f"`nn.Module` has an attribute `{name}` of its own"
    if sequential and name in SEQUENTIAL_ATTRIBUTES:
        return f"`nn.Sequential` has an attribute `{name}` of its own"
    if name in EMITTED_ATTRIBUTES:
        return f"the generated classes have an attribute `{name}` of their own"
    return None


def refusal_of_key(name: str) -> str | None:
    """Why a member of a family may not be called `name`, as a key of an `nn.ModuleDict`."""
    if not name.isascii():
        return "names are written in ASCII letters"
    if name.startswith("_"):
        return "attributes with a leading underscore are PyTorch's own"
    if name in MODULE_ATTRIBUTES or name in DICT_ATTRIBUTES:
        return f"`nn.ModuleDict` has an attribute `{name}` of its own"
    return None
