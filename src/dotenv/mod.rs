//! Dotenv files: how they are read and written, and what one is to an account.
//!
//! # The dialect
//!
//! That of python-dotenv with interpolation off, but that `'…'` knows no escapes and that a comment
//! may follow the `=`:
//!
//! - `NAME=value`, spaces around both ignored, `export` before it allowed, `#` a comment where a line
//!   starts or white space comes before it. Lines end with LF, CRLF or CR; a BOM is skipped.
//! - Without quotes a value is taken as it stands, `\`, quotes inside and a `#` that touches it
//!   included.
//! - `'…'` is taken as it stands, over several lines too. In `"…"` `\n`, `\r`, `\t`, `\\`, `\"`, `\'`,
//!   `` \` `` and `\$` are escapes, and any other backslash stands for itself. A line break inside
//!   quotes is LF.
//! - **Nothing is substituted**, neither from the file nor from the environment: a `$` is a `$`.
//! - Of a name that is given twice, the last value counts.
//!
//! What makes no sense is a fault with its line's number, never its text: the text may be a secret.
//!
//! The reader is our own because the crates would change secrets unasked: dotenvy 0.15 puts the
//! environment's variables in the place of `$NAME` and cannot be told not to, refuses `\r` and an
//! unquoted value with a space, and quotes the line in its errors; dotenvor 0.2 ends `pass#word` at
//! the `#` and keeps the backslash of `\$`; `deno_dotenv` skips lines that make no sense. The tests
//! compare with dotenvy wherever it agrees to read.

mod compare;
mod plan;
mod read;
mod settle;
mod write;

pub use compare::{Comparison, Difference, compare};
pub use plan::{Pending, Plan, Reason, obstacle, plan};
pub use read::{Entry, Fault, read_dotenv};
pub use settle::{Settled, settle};
pub use write::dotenv_value;
