//! Small programs on the framework.
