//! What conditions ask of a field.

use super::Declared;
use actra_bytecode::Number;
use actra_compiler::model::{
    Addend, Atom, FieldRef, Literal, Operand, Operator, OperatorShape, Quantifier, ScalarType,
};

/// What is asked of a value: constants that something is held against, by how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tests {
    pub(crate) numbers: Vec<Number>,
    pub(crate) instants: Vec<i64>,
    pub(crate) equal: Vec<String>,
    pub(crate) begins: Vec<String>,
    pub(crate) ends: Vec<String>,
    pub(crate) holds: Vec<String>,
    pub(crate) patterns: Vec<String>,
    /// Limits of lengths, of text and of lists.
    pub(crate) lengths: Vec<i64>,
    pub(crate) domains: Vec<String>,
    pub(crate) networks: Vec<String>,
    pub(crate) directories: Vec<String>,
    pub(crate) reads_hosts: bool,
    pub(crate) reads_paths: bool,
    pub(crate) reads_sums: bool,
    /// What is asked of the items of a list.
    pub(crate) items: Option<Box<Tests>>,
}

impl Tests {
    fn items(&mut self) -> &mut Self {
        self.items.get_or_insert_default()
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::String(text) => self.equal.push(text.clone()),
            Literal::Integer(value) => self.numbers.push(Number::Integer(*value)),
            Literal::Float(value) => self.numbers.push(Number::Float(*value)),
            Literal::Timestamp(micros) => self.instants.push(*micros),
            Literal::Boolean(_) => {}
        }
    }

    /// Constants of constraints.
    pub(crate) fn constraints(&mut self, ty: &ScalarType) {
        let values = ty.allowed.iter().flatten().chain(&ty.min).chain(&ty.max).chain(&ty.default);
        values.for_each(|literal| self.literal(literal));
    }

    /// All that a declaration asks of a value.
    pub(crate) fn declared(&mut self, declared: &Declared) {
        let length = |most: Option<u64>| most.and_then(|most| i64::try_from(most).ok());
        match declared {
            Declared::Scalar(ty) => {
                self.constraints(ty);
                self.lengths.extend(length(ty.max_length));
            }
            Declared::List(ty) => {
                self.items().constraints(&ty.items);
                self.items().lengths.extend(length(ty.items.max_length));
                self.lengths.extend(length(ty.max_length));
                // One item twice.
                self.lengths.extend(ty.unique.then_some(2));
            }
        }
    }

    fn literals(&mut self, literals: &[Literal]) {
        for literal in literals {
            self.literal(literal);
        }
    }

    /// What an atom asks of a field that it reads, on either side.
    pub(crate) fn atom(&mut self, atom: &Atom, field: &FieldRef) {
        if let Operand::Sum { addend, .. } = &atom.operand {
            self.reads_sums = true;
            if let Addend::Field(_) = addend {
                // `a <= a + a` is about the sign of `a`.
                self.numbers.push(Number::Integer(0));
            }
        }
        if atom.subject != *field {
            return self.right_side(atom);
        }
        let literals: &[Literal] = match &atom.operand {
            Operand::Literal(literal) => std::slice::from_ref(literal),
            Operand::Literals(literals) => literals,
            Operand::None | Operand::Field(_) | Operand::Sum { .. } => &[],
        };
        let shape = atom.operator.shape();
        match atom.quantifier {
            Some(Quantifier::Every | Quantifier::Some) => {
                self.items().scalar(atom.operator, literals);
            }
            None => match shape {
                OperatorShape::ListSet | OperatorShape::NotContains => {
                    self.items().literals(literals);
                    self.items();
                }
                OperatorShape::Contains => {
                    // Of a list an item, of a string a part.
                    self.items().literals(literals);
                    self.scalar(atom.operator, literals);
                }
                _ => self.scalar(atom.operator, literals),
            },
        }
    }

    /// A field on the right is held against others: it has to be told from what they are.
    fn right_side(&mut self, atom: &Atom) {
        match atom.operator.shape() {
            OperatorShape::HostDomain => self.reads_hosts = true,
            OperatorShape::Path => self.reads_paths = true,
            _ => {}
        }
    }

    fn scalar(&mut self, operator: Operator, literals: &[Literal]) {
        let texts = literals.iter().filter_map(|literal| match literal {
            Literal::String(text) => Some(text.clone()),
            _ => None,
        });
        match operator.shape() {
            OperatorShape::Equality | OperatorShape::Ordering | OperatorShape::Membership => {
                self.literals(literals);
            }
            OperatorShape::Contains => self.holds.extend(texts),
            OperatorShape::Affix if operator == Operator::StartsWith => self.begins.extend(texts),
            OperatorShape::Affix => self.ends.extend(texts),
            OperatorShape::Pattern => self.patterns.extend(texts),
            OperatorShape::HostDomain => {
                self.reads_hosts = true;
                self.domains.extend(texts);
            }
            OperatorShape::Network => {
                self.reads_hosts = true;
                self.networks.extend(texts);
            }
            OperatorShape::Path => {
                self.reads_paths = true;
                self.directories.extend(texts);
            }
            OperatorShape::Length => {
                self.lengths.extend(literals.iter().filter_map(|literal| match literal {
                    Literal::Integer(value) => Some(*value),
                    // Version 1 has doubles only.
                    Literal::Float(value) => Some(*value as i64),
                    _ => None,
                }));
            }
            OperatorShape::NotContains | OperatorShape::ListSet | OperatorShape::Presence => {}
        }
    }

    /// All that is asked of several fields, of each of them.
    pub(crate) fn join(&mut self, other: &Self) {
        self.numbers.extend(&other.numbers);
        self.instants.extend(&other.instants);
        let texts = [
            (&mut self.equal, &other.equal),
            (&mut self.begins, &other.begins),
            (&mut self.ends, &other.ends),
            (&mut self.holds, &other.holds),
            (&mut self.patterns, &other.patterns),
            (&mut self.domains, &other.domains),
            (&mut self.networks, &other.networks),
            (&mut self.directories, &other.directories),
        ];
        for (own, others) in texts {
            own.extend(others.iter().cloned());
        }
        self.lengths.extend(&other.lengths);
        self.reads_hosts |= other.reads_hosts;
        self.reads_paths |= other.reads_paths;
        self.reads_sums |= other.reads_sums;
        if let Some(items) = &other.items {
            self.items().join(items);
        }
    }

    /// Whether text is read as it is, in another way than for equality.
    pub(crate) fn looks_into_text(&self) -> bool {
        let lists = [&self.begins, &self.ends, &self.holds, &self.patterns];
        lists.iter().any(|list| !list.is_empty()) || !self.lengths.is_empty()
    }
}
