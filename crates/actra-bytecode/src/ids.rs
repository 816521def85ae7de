//! Index newtypes: a number that says what it counts.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The number as an index.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

ids! {
    /// A place in the input.
    SlotId(u16);
    /// A string of the program. Where input strings are looked up, their symbol.
    StringId(u32);
    /// A numeric constant of the program, instants included.
    NumberId(u32);
    /// A list of ids.
    ListId(u32);
    /// A list of networks.
    NetworkListId(u32);
    /// A compiled pattern.
    DfaId(u32);
    /// A sum on the right side of a comparison.
    SumId(u32);
    /// A rule, numbered in decision order.
    RuleId(u32);
    /// An action, numbered by name.
    ActionId(u32);
}
