"""Language: what people's words mean. Rules today; a model may help with wording and reading, and never with a decision."""

from prompts.words import Command, is_opt_in, is_opt_out, read_command

__all__ = ["Command", "is_opt_in", "is_opt_out", "read_command"]
