//! Small programs on the framework, each run by one command; see `src/bin`.
