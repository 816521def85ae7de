//! Evaluators that wait for the next input, so that evaluating allocates nothing.

use actra::{Evaluator, Frame, Policy, UnknownFields};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

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

/// A policy and evaluators for it.
pub(crate) struct Pooled {
    /// Behind a pointer that stays where it is: evaluators refer to what is in it.
    policy: Policy,
    places: [AtomicPtr<Kept>; PLACES],
}

impl Pooled {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, places: [const { AtomicPtr::new(ptr::null_mut()) }; PLACES] }
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
        let home = home();
        let mut kept = self.take(home).unwrap_or_else(|| self.make());
        // Where `then` panics, the evaluator is dropped, and another one takes its place.
        let result = then(&self.policy, &mut kept);
        self.put(home, kept);
        result
    }

    #[inline]
    fn take(&self, home: usize) -> Option<Box<Kept>> {
        (home..home + NEAR).find_map(|at| {
            let evaluator = self.places.get(at % PLACES)?.swap(ptr::null_mut(), Ordering::Acquire);
            // SAFETY: what stands in a place came from a box, and the swap took it out, so nobody
            // else has it.
            (!evaluator.is_null()).then(|| unsafe { Box::from_raw(evaluator) })
        })
    }

    #[cold]
    fn make(&self) -> Box<Kept> {
        let evaluator = self.policy.evaluator(UnknownFields::Ignore);
        // SAFETY: the evaluator refers to what is in the policy, which is behind an `Arc` that this
        // pool holds. Evaluators are handed out for the time of a borrow of the pool only, and the
        // pool drops those that it keeps before it drops the policy.
        let evaluator =
            unsafe { std::mem::transmute::<Evaluator<'_>, Evaluator<'static>>(evaluator) };
        Box::new(Kept { evaluator, order: Vec::new() })
    }

    #[inline]
    fn put(&self, home: usize, evaluator: Box<Kept>) {
        let evaluator = Box::into_raw(evaluator);
        let is_kept = (home..home + NEAR).any(|at| {
            self.places.get(at % PLACES).is_some_and(|place| {
                let empty = ptr::null_mut();
                place
                    .compare_exchange(empty, evaluator, Ordering::Release, Ordering::Relaxed)
                    .is_ok()
            })
        });
        if !is_kept {
            // SAFETY: it came from a box just above, and no place has taken it.
            drop(unsafe { Box::from_raw(evaluator) });
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        for place in &mut self.places {
            let evaluator = std::mem::replace(place.get_mut(), ptr::null_mut());
            if !evaluator.is_null() {
                // SAFETY: what stands in a place came from a box, and is taken out here.
                drop(unsafe { Box::from_raw(evaluator) });
            }
        }
        // The policy goes after this, when nothing refers to it any more.
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
