//! What the operations promise: who is let in and as what, and who is kept out.

mod agents;
mod description;
mod listening;
mod outages;
mod rooms;
mod speaking;
mod tokens;
mod webhooks;
