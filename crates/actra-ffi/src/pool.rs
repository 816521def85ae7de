//! Evaluators that wait for the next input, so that evaluating allocates nothing.

use actra::{Evaluator, Frame, Policy, UnknownFields};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Most evaluators that are kept: of more threads that evaluate at the same moment, some allocate.
const PLACES: usize = 64;
/// Places that a thread looks at: looking further would cost more than an evaluator does.
const NEAR: usize = 4;

/// An evaluator of the pool's. Its lifetime is that of the policy in the pool.
struct Kept {
    evaluator: Evaluator<'static>,
    /// Room for sorting the pairs of a map.
    order: Vec<u32>,
}

/// A place for an evaluator, and whether somebody is using it. Places do not share cache lines.
#[repr(align(64))]
struct Place {
    is_taken: AtomicBool,
    kept: UnsafeCell<Option<Box<Kept>>>,
}

// SAFETY: what is in the cell is reached by whoever has taken the place, one at a time, or by who
// owns the pool; and evaluators may go from thread to thread.
unsafe impl Sync for Place {}

/// A place that is taken, until this is dropped.
struct Taken<'p> {
    place: &'p Place,
    /// Cleared where an evaluation panics: the evaluator is then dropped, with whatever it holds.
    is_sound: bool,
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_sound {
            // SAFETY: the place is taken, so nobody else reaches its cell.
            unsafe { *self.place.kept.get() = None };
        }
        self.place.is_taken.store(false, Ordering::Release);
    }
}

/// A policy and evaluators for it.
pub(crate) struct Pooled {
    /// Evaluators refer to what is in the policy, so they go first.
    places: [Place; PLACES],
    /// Behind a pointer that stays where it is.
    policy: Policy,
}

impl Pooled {
    pub(crate) fn new(policy: Policy) -> Self {
        let place = || Place { is_taken: AtomicBool::new(false), kept: UnsafeCell::new(None) };
        Self { places: std::array::from_fn(|_| place()), policy }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Runs something with an evaluator that nobody else has meanwhile.
    #[inline]
    pub(crate) fn with_evaluator<R>(&self, then: impl FnOnce(&mut Evaluator<'_>) -> R) -> R {
        self.with_kept(|_, kept| then(&mut kept.evaluator))
    }

    /// Runs something with an empty frame whose values may borrow for `'v`, and room for sorting.
    #[inline]
    pub(crate) fn with_frame<'v, R>(
        &self,
        then: impl FnOnce(&Policy, &mut Frame<'_, 'v>, &mut Vec<u32>) -> R,
    ) -> R {
        self.with_kept(|policy, kept| {
            kept.evaluator.set_unknown_fields(UnknownFields::Ignore);
            let pointer: *mut Frame<'_, '_> = kept.evaluator.frame();
            // SAFETY: a frame's second lifetime is that of the values in it. This frame is emptied
            // before anyone else gets to it (or dropped, where `then` panics), so no value of this
            // caller's is read later.
            let borrowing: &mut Frame<'_, 'v> = unsafe { &mut *pointer.cast() };
            let result = then(policy, borrowing, &mut kept.order);
            borrowing.clear();
            result
        })
    }

    #[inline]
    fn with_kept<R>(&self, then: impl FnOnce(&Policy, &mut Kept) -> R) -> R {
        let Some(mut taken) = self.take() else {
            return then(&self.policy, &mut self.make());
        };
        // SAFETY: the place is taken, so nobody else reaches its cell.
        let kept = unsafe { &mut *taken.place.kept.get() }.get_or_insert_with(|| self.make());
        taken.is_sound = false;
        let result = then(&self.policy, kept);
        taken.is_sound = true;
        result
    }

    #[inline]
    fn take(&self) -> Option<Taken<'_>> {
        let home = home();
        (home..home + NEAR).find_map(|at| {
            let place = self.places.get(at % PLACES)?;
            let is_free = !place.is_taken.swap(true, Ordering::Acquire);
            is_free.then_some(Taken { place, is_sound: true })
        })
    }

    #[cold]
    #[inline(never)]
    fn make(&self) -> Box<Kept> {
        let evaluator = self.policy.evaluator(UnknownFields::Ignore);
        // SAFETY: the evaluator refers to what is in the policy, which is behind an `Arc` that this
        // pool holds. Evaluators are handed out for the time of a borrow of the pool only, and the
        // pool drops those that it keeps before it drops the policy.
        let evaluator =
            unsafe { std::mem::transmute::<Evaluator<'_>, Evaluator<'static>>(evaluator) };
        Box::new(Kept { evaluator, order: Vec::new() })
    }
}

/// Where the thread looks first: threads have places of their own as long as there are enough.
#[inline]
fn home() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    }
    // While a thread ends there may be none: any place will do.
    HOME.try_with(|home| *home).unwrap_or(0)
}
