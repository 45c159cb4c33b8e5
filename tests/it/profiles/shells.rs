//! Shells with a profile each, side by side.
