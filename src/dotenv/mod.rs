//! Dotenv files: how they are read and written, and what one is to an account.
//!
//! # The dialect
//!
//! That of python-dotenv 1.2 with interpolation off, as its code has it:
//!
//! - `NAME=value`, blanks around both ignored, `export` before it allowed, the name in `'…'` or bare;
//!   `#` begins a comment where a statement begins, after a quoted value, or after a blank in or before
//!   a bare one. Lines end with LF, CRLF or CR; a BOM is skipped.
//! - Without quotes a value is taken as it stands, `\`, quotes inside and a `#` that touches it
//!   included.
//! - `'…'` and `"…"` go over several lines. A backslash keeps the character behind it from closing them.
//!   In `'…'` `\\` and `\'` are escapes, in `"…"` `\\`, `\'`, `\"`, `\a`, `\b`, `\f`, `\n`, `\r`, `\t` and
//!   `\v`; any other backslash stands for itself. A line break inside quotes is LF.
//! - **Nothing is substituted**, neither from the file nor from the environment: a `$` is a `$`.
//! - Of a name that is given twice, the last value counts.
//! - A name without `=` sets nothing, and is told.
//!
//! One thing more, which python-dotenv refuses: a value in several quoted pieces, as shells read it
//! (`'it'\''s $5'`). It is how [`dotenv_line`] writes what only shells can read.
//!
//! A line that cannot be read is a fault with its number, never its text: the text may be a secret.
//!
//! The reader is our own because the crates would change secrets unasked: dotenvy 0.15 puts the
//! environment's variables in the place of `$NAME` and cannot be told not to, refuses `\r` and an
//! unquoted value with a space, and quotes the line in its errors; dotenvor 0.2 ends `pass#word` at
//! the `#`; `deno_dotenv` skips lines that make no sense. The tests compare with the real python-dotenv.

mod compare;
mod plan;
mod read;
mod settle;
mod write;

pub use compare::{Comparison, Difference, How, compare};
pub use plan::{Pending, Plan, Reason, obstacle, plan};
pub use read::{Entry, read_dotenv};
pub use settle::{Settled, settle};
pub use write::{dotenv_line, is_for_shells_only};
