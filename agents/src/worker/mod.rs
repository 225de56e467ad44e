//! The place of the worker that registers with a LiveKit server and takes jobs from its dispatch.
//!
//! Today an agent is started by [`crate::connect`]; a dispatched job will run the same [`crate::Agent`] with the same
//! [`crate::JobContext`].
