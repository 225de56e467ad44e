//! What the operations on events promise.

mod concurrency;
mod creating;
mod live_limit;
mod notices;
mod paging;
mod states;
mod visibility;
