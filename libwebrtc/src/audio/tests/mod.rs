//! Promises of the whole path, under virtual time.
