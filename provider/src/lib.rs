//! The livekit-provider: rooms and tokens, no event data of its own.
