//! The smallest table of an automaton, in its canonical numbering.
//!
//! States that nothing can tell apart are merged by Hopcroft's algorithm, whose time is within
//! `classes * states * log(states)` for every automaton; hostile patterns make it matter.
#![expect(
    clippy::indexing_slicing,
    reason = "states, classes and blocks are numbered here, and each table has one place for each"
)]

use actra_bytecode::dfa::MAX_DFA_BYTES;
use std::collections::HashMap;

/// An automaton as it was built. State 0 is the start, every state can be reached.
pub(super) struct Table {
    pub(super) classes: [u8; 256],
    pub(super) stride: usize,
    /// The state after state `s` and class `c` at `s * stride + c`.
    pub(super) next: Vec<u32>,
    pub(super) accepting: Vec<bool>,
}

/// The parts of the one table of the automaton's language, for `Dfa::from_parts`; `None` if it is
/// too large for that.
pub(super) fn canonical(table: &Table) -> Option<([u8; 256], Vec<u16>, Vec<u8>)> {
    let block_of = minimize(table);
    let quotient = quotient(table, &block_of);
    let (classes, columns) = merge_classes(&quotient);
    let states = quotient.accepting.len();
    if states >= usize::from(u16::MAX) || states * columns.len() * 2 > MAX_DFA_BYTES {
        return None;
    }
    let order = breadth_first(&quotient, &columns, block_of[0]);
    let mut number = vec![0_u16; states];
    for (place, state) in (0..).zip(&order) {
        number[*state as usize] = place;
    }
    let mut next = Vec::with_capacity(states * columns.len());
    let mut accepting = vec![0_u8; states.div_ceil(8)];
    for (place, state) in order.iter().enumerate() {
        for column in &columns {
            next.push(number[quotient.after(*state, *column) as usize]);
        }
        accepting[place / 8] |= u8::from(quotient.accepting[*state as usize]) << (place % 8);
    }
    Some((classes, next, accepting))
}

impl Table {
    fn after(&self, state: u32, class: usize) -> u32 {
        self.next[state as usize * self.stride + class]
    }
}

/// One state for each block.
fn quotient(table: &Table, block_of: &[u32]) -> Table {
    let mut members = Vec::new();
    for (state, block) in (0_u32..).zip(block_of) {
        let block = *block as usize;
        if block >= members.len() {
            members.resize(block + 1, state);
        }
        members[block] = state;
    }
    let mut next = Vec::with_capacity(members.len() * table.stride);
    for state in &members {
        next.extend((0..table.stride).map(|class| block_of[table.after(*state, class) as usize]));
    }
    let accepting = members.iter().map(|state| table.accepting[*state as usize]).collect();
    Table { classes: table.classes, stride: table.stride, next, accepting }
}

/// Merges classes that lead every state to the same next one, and numbers the rest in the order in
/// which the bytes show them. Returns the class of each byte, and the old number of each class.
fn merge_classes(table: &Table) -> ([u8; 256], Vec<usize>) {
    let states = table.accepting.len() as u32;
    let mut by_column: HashMap<Vec<u32>, u8> = HashMap::new();
    let mut merged: Vec<Option<u8>> = vec![None; table.stride];
    let mut columns = Vec::new();
    let mut classes = [0; 256];
    for (class, old) in classes.iter_mut().zip(table.classes) {
        let old = usize::from(old);
        *class = *merged[old].get_or_insert_with(|| {
            let column = (0..states).map(|state| table.after(state, old)).collect();
            *by_column.entry(column).or_insert_with(|| {
                columns.push(old);
                (columns.len() - 1) as u8
            })
        });
    }
    (classes, columns)
}

fn breadth_first(table: &Table, columns: &[usize], start: u32) -> Vec<u32> {
    let mut met = vec![false; table.accepting.len()];
    met[start as usize] = true;
    let mut order = vec![start];
    let mut done = 0;
    while done < order.len() {
        for column in columns {
            let next = table.after(order[done], *column);
            if !met[next as usize] {
                met[next as usize] = true;
                order.push(next);
            }
        }
        done += 1;
    }
    order
}

/// The coarsest division of the states into blocks that no string tells apart: the block of each
/// state.
fn minimize(table: &Table) -> Vec<u32> {
    let sources = Sources::new(table);
    let mut partition = Partition::new(&table.accepting);
    let mut waiting: Vec<u32> = (0..partition.blocks.len() as u32).collect();
    let mut is_waiting = vec![true; waiting.len()];
    let mut touched = Vec::new();
    while let Some(splitter) = waiting.pop() {
        is_waiting[splitter as usize] = false;
        // A copy, since the splitter may be split by itself.
        let members = partition.members(splitter).to_vec();
        for class in 0..table.stride {
            for member in &members {
                for source in sources.of(*member, class) {
                    partition.mark(*source, &mut touched);
                }
            }
            for block in touched.drain(..) {
                let Some(new) = partition.split(block) else { continue };
                is_waiting.push(true);
                if is_waiting[block as usize] || partition.len(new) <= partition.len(block) {
                    waiting.push(new);
                } else {
                    is_waiting[new as usize] = false;
                    is_waiting[block as usize] = true;
                    waiting.push(block);
                }
            }
        }
    }
    partition.block_of
}

/// The states from which a class leads to a state.
struct Sources {
    stride: usize,
    /// Where the sources of target `t` and class `c` begin, at `t * stride + c`; they end where the
    /// next ones begin.
    starts: Vec<u32>,
    states: Vec<u32>,
}

impl Sources {
    fn new(table: &Table) -> Self {
        let stride = table.stride;
        let place = |index: usize, target: u32| target as usize * stride + index % stride;
        let mut starts = vec![0_u32; table.next.len() + 1];
        for (index, target) in table.next.iter().enumerate() {
            starts[place(index, *target)] += 1;
        }
        // The counts become ends, and the ends become starts as the states move in.
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut states = vec![0; table.next.len()];
        for (index, target) in table.next.iter().enumerate() {
            let start = &mut starts[place(index, *target)];
            *start -= 1;
            states[*start as usize] = (index / stride) as u32;
        }
        Self { stride, starts, states }
    }

    fn of(&self, target: u32, class: usize) -> &[u32] {
        let place = target as usize * self.stride + class;
        &self.states[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// States in blocks. The members of a block lie together, the marked ones first.
struct Partition {
    states: Vec<u32>,
    /// Where each state lies in `states`.
    place_of: Vec<u32>,
    block_of: Vec<u32>,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy)]
struct Block {
    start: u32,
    end: u32,
    marked: u32,
}

impl Partition {
    /// One block for the states that accept, one for the others; none is empty.
    fn new(accepting: &[bool]) -> Self {
        let (mut states, rest): (Vec<u32>, Vec<u32>) =
            (0..accepting.len() as u32).partition(|state| accepting[*state as usize]);
        let (middle, end) = (states.len() as u32, accepting.len() as u32);
        states.extend(rest);
        let mut blocks = Vec::new();
        let mut block_of = vec![0; states.len()];
        let mut place_of = vec![0; states.len()];
        for (start, end) in [(0, middle), (middle, end)] {
            if start == end {
                continue;
            }
            for place in start..end {
                let state = states[place as usize] as usize;
                place_of[state] = place;
                block_of[state] = blocks.len() as u32;
            }
            blocks.push(Block { start, end, marked: 0 });
        }
        Self { states, place_of, block_of, blocks }
    }

    fn members(&self, block: u32) -> &[u32] {
        let block = self.blocks[block as usize];
        &self.states[block.start as usize..block.end as usize]
    }

    fn len(&self, block: u32) -> u32 {
        let block = self.blocks[block as usize];
        block.end - block.start
    }

    /// Marks a state once; notes its block when it is the first one marked in it.
    fn mark(&mut self, state: u32, touched: &mut Vec<u32>) {
        let number = self.block_of[state as usize];
        let block = &mut self.blocks[number as usize];
        let (from, to) = (self.place_of[state as usize], block.start + block.marked);
        if from < to {
            return;
        }
        if block.marked == 0 {
            touched.push(number);
        }
        block.marked += 1;
        let other = self.states[to as usize];
        self.states.swap(from as usize, to as usize);
        self.place_of[state as usize] = to;
        self.place_of[other as usize] = from;
    }

    /// Moves the marked states to a new block, unless all are marked, and forgets the marks.
    fn split(&mut self, number: u32) -> Option<u32> {
        let block = &mut self.blocks[number as usize];
        let marked = core::mem::take(&mut block.marked);
        if marked == block.end - block.start {
            return None;
        }
        let new = Block { start: block.start, end: block.start + marked, marked: 0 };
        block.start = new.end;
        let new_number = self.blocks.len() as u32;
        for state in &self.states[new.start as usize..new.end as usize] {
            self.block_of[*state as usize] = new_number;
        }
        self.blocks.push(new);
        Some(new_number)
    }
}
