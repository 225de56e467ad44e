//! The callbacks of a peer connection.

use parking_lot::Mutex;

use crate::peer_connection::{
    OnConnectionChange, OnDataChannel, OnIceCandidate, OnIceCandidateError, OnIceConnectionChange,
    OnIceGatheringChange, OnNegotiationNeeded, OnSignalingChange, OnTrack,
};

/// Holds one callback. The callback is taken out for the call, so that it may set or clear its own slot.
pub(crate) struct Slot<F> {
    state: Mutex<SlotState<F>>,
}

struct SlotState<F> {
    callback: Option<F>,
    /// Counts calls of `set`, to tell whether a callback replaced itself while it ran.
    version: u64,
}

impl<F> Default for Slot<F> {
    fn default() -> Self {
        Self { state: Mutex::new(SlotState { callback: None, version: 0 }) }
    }
}

impl<F> Slot<F> {
    /// Sets or clears the callback.
    pub(crate) fn set(&self, callback: Option<F>) {
        let old = {
            let mut state = self.state.lock();
            state.version += 1;
            std::mem::replace(&mut state.callback, callback)
        };
        drop(old);
    }

    /// Runs `call` on the callback, outside of the slot's lock. Says whether there was one.
    pub(crate) fn call(&self, call: impl FnOnce(&mut F)) -> bool {
        let (callback, version) = {
            let mut state = self.state.lock();
            (state.callback.take(), state.version)
        };
        let Some(mut callback) = callback else { return false };
        call(&mut callback);
        let mut state = self.state.lock();
        if state.version == version {
            state.callback = Some(callback);
        }
        true
    }

    /// Whether a callback is set.
    pub(crate) fn is_set(&self) -> bool {
        self.state.lock().callback.is_some()
    }
}

/// All callbacks of a peer connection.
#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) connection: Slot<OnConnectionChange>,
    pub(crate) data_channel: Slot<OnDataChannel>,
    pub(crate) candidate: Slot<OnIceCandidate>,
    pub(crate) candidate_error: Slot<OnIceCandidateError>,
    pub(crate) ice: Slot<OnIceConnectionChange>,
    pub(crate) gathering: Slot<OnIceGatheringChange>,
    pub(crate) negotiation_needed: Slot<OnNegotiationNeeded>,
    pub(crate) signaling: Slot<OnSignalingChange>,
    pub(crate) track: Slot<OnTrack>,
}

impl Callbacks {
    /// Drops all callbacks and what they hold.
    pub(crate) fn clear(&self) {
        self.connection.set(None);
        self.data_channel.set(None);
        self.candidate.set(None);
        self.candidate_error.set(None);
        self.ice.set(None);
        self.gathering.set(None);
        self.negotiation_needed.set(None);
        self.signaling.set(None);
        self.track.set(None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Slot;

    type Callback = Box<dyn FnMut(u32) + Send>;

    #[test]
    fn a_callback_may_replace_itself() {
        let slot = Arc::new(Slot::<Callback>::default());
        let inner = Arc::clone(&slot);
        slot.set(Some(Box::new(move |_| inner.set(None))));
        assert!(slot.call(|callback| callback(1)));
        assert!(!slot.call(|callback| callback(2)), "the callback cleared its slot");
    }

    #[test]
    fn a_callback_stays_for_the_next_call() {
        let slot = Slot::<Callback>::default();
        let (sender, receiver) = std::sync::mpsc::channel();
        slot.set(Some(Box::new(move |value| sender.send(value).unwrap())));
        slot.call(|callback| callback(1));
        slot.call(|callback| callback(2));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2]);
    }
}
