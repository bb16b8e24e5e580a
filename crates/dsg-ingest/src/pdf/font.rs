//! Fonts: which characters a code stands for, how wide it is, and what the letters look like.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use hayro_font::hayro_cmap::{BfString, load_embedded};
use hayro_font::{
    CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, StandardFont,
};
use hayro_syntax::object::dict::keys::{
    BASE_FONT, DESCENDANT_FONTS, FLAGS, FONT_BBOX, FONT_DESC, FONT_MATRIX, FONT_WEIGHT, SUBTYPE,
};
use hayro_syntax::object::{Array, Dict, Name};

/// How letters look, as far as it tells headings and code from running text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) mono: bool,
}

/// What a character code shows.
#[derive(Debug)]
pub(super) struct Shown {
    /// The characters, several for a ligature; empty for what is no text.
    pub(super) chars: Box<[char]>,
    /// Advance in thousandths of the font size.
    pub(super) advance: f64,
}

/// A font of the file.
pub(super) struct Face<'a> {
    font: Font<'a>,
    /// Stands in for a font that the file lacks.
    fallback: bool,
    pub(super) style: Style,
    /// The height of the letters for font size 1: other than 1 only in Type 3 fonts, which bring their own units.
    pub(super) em: f64,
    shown: HashMap<u32, Rc<Shown>>,
}

impl Face<'_> {
    /// The code at `at` of `bytes`, and its length.
    pub(super) fn read_code(&self, bytes: &[u8], at: usize) -> (u32, usize) {
        let (code, length) = self.font.read_code(bytes, at);
        (code, length.max(1))
    }

    pub(super) fn shown(&mut self, code: u32) -> Rc<Shown> {
        if let Some(shown) = self.shown.get(&code) {
            return Rc::clone(shown);
        }
        let shown = Rc::new(Shown {
            chars: self.chars(code),
            advance: self.font.code_advance(code).x,
        });
        self.shown.insert(code, Rc::clone(&shown));
        shown
    }

    fn chars(&self, code: u32) -> Box<[char]> {
        let mut chars = Vec::new();
        if self.fallback {
            if let Ok(byte @ 0..=0x7f) = u8::try_from(code) {
                push(&mut chars, char::from(byte));
            }
            return chars.into();
        }
        let glyph = self.font.glyph(self.font.map_code(code), code);
        let (unicode, drawn) = match &glyph {
            FontGlyph::Outline(glyph) => (glyph.as_unicode(), true),
            FontGlyph::Type3(glyph) => (glyph.as_unicode(), glyph.program().is_some()),
        };
        match unicode {
            Some(BfString::Char(c)) => push(&mut chars, c),
            Some(BfString::String(text)) => text.chars().for_each(|c| push(&mut chars, c)),
            None if drawn => chars.push(char::REPLACEMENT_CHARACTER),
            None => {}
        }
        chars.into()
    }
}

/// Adds `c`, ligatures as letters, odd spaces as space, symbol fonts' bullets as bullets, without control characters.
fn push(chars: &mut Vec<char>, c: char) {
    let letters = match c {
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{fb05}' | '\u{fb06}' => "st",
        '\u{a0}' | '\t' | '\n' | '\r' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => " ",
        '\u{f0b7}' | '\u{f0a7}' | '\u{f0d8}' | '\u{f076}' => "•",
        '\u{ad}' | '\u{2010}' | '\u{2011}' => "-",
        c if c.is_control() || c == '\u{feff}' => return,
        c => return chars.push(c),
    };
    chars.extend(letters.chars());
}

/// The fonts of a file, each loaded once.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    programs: FontResolverFn,
    cmaps: CMapResolverFn,
    faces: Vec<Face<'a>>,
    /// Font dictionaries by where they lie.
    known: HashMap<usize, Option<usize>>,
    fallback: Option<usize>,
}

impl<'a> Fonts<'a> {
    pub(super) fn new() -> Self {
        Self {
            cache: FontCache::new(),
            programs: Arc::new(|query| match query {
                FontQuery::Standard(font) => Some(font.get_font_data()),
                FontQuery::Fallback(query) => Some(query.pick_standard_font().get_font_data()),
            }),
            cmaps: Arc::new(load_embedded),
            faces: Vec::new(),
            known: HashMap::new(),
            fallback: None,
        }
    }

    /// The number of the font that `dict` describes; without one, of the font that readers take instead.
    pub(super) fn load(&mut self, dict: Option<&Dict<'a>>) -> Option<usize> {
        let Some(dict) = dict else {
            return self.fallback();
        };
        let place = dict.data().as_ptr() as usize;
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let font = self.cache.font(dict, &self.programs, &self.cmaps);
        let loaded = font.map(|font| {
            self.faces.push(Face {
                font,
                fallback: false,
                style: style(dict),
                em: em(dict),
                shown: HashMap::new(),
            });
            self.faces.len() - 1
        });
        self.known.insert(place, loaded);
        loaded
    }

    fn fallback(&mut self) -> Option<usize> {
        if self.fallback.is_none() {
            let font = self
                .cache
                .standard_font(StandardFont::Helvetica, &self.programs)?;
            self.faces.push(Face {
                font,
                fallback: true,
                style: Style::default(),
                em: 1.0,
                shown: HashMap::new(),
            });
            self.fallback = Some(self.faces.len() - 1);
        }
        self.fallback
    }

    pub(super) fn face(&mut self, number: usize) -> Option<&mut Face<'a>> {
        self.faces.get_mut(number)
    }
}

/// What the dictionary says about the letters, by flags and by name.
fn style(dict: &Dict<'_>) -> Style {
    let descendant = dict
        .get::<Array<'_>>(DESCENDANT_FONTS)
        .and_then(|fonts| fonts.iter::<Dict<'_>>().next());
    let descriptor = dict
        .get::<Dict<'_>>(FONT_DESC)
        .or_else(|| descendant?.get::<Dict<'_>>(FONT_DESC));
    let name = dict
        .get::<Name<'_>>(BASE_FONT)
        .map(|name| name.as_str().to_ascii_lowercase())
        .unwrap_or_default();
    // Subsets are named `ABCDEF+Name`.
    let name = name.split_once('+').map_or(name.as_str(), |(_, name)| name);
    let flags = descriptor
        .as_ref()
        .and_then(|descriptor| descriptor.get::<u32>(FLAGS))
        .unwrap_or_default();
    let weight = descriptor
        .as_ref()
        .and_then(|descriptor| descriptor.get::<u32>(FONT_WEIGHT))
        .unwrap_or_default();
    let named = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let begins = |parts: &[&str]| parts.iter().any(|part| name.starts_with(part));
    Style {
        bold: weight >= 600
            || flags & (1 << 18) != 0
            || named(&["bold", "black", "heavy", "-demi", "-medi", "-semib"])
            || begins(&["cmb", "sfbx", "cmssbx", "lmbx", "lmssbx", "ecbx"]),
        mono: flags & 1 != 0
            || named(&[
                "courier",
                "mono",
                "consol",
                "menlo",
                "typewriter",
                "nimbusmonl",
                "sourcecode",
                "firacode",
                "inconsolata",
                "fixed",
            ])
            || begins(&[
                "cmtt", "cmsltt", "cmitt", "sftt", "lmtt", "ectt", "txtt", "pcr",
            ]),
    }
}

fn em(dict: &Dict<'_>) -> f64 {
    let type3 = dict
        .get::<Name<'_>>(SUBTYPE)
        .is_some_and(|name| name.as_str() == "Type3");
    if !type3 {
        return 1.0;
    }
    let scale = dict
        .get::<[f64; 6]>(FONT_MATRIX)
        .map_or(0.001, |[_, b, _, d, ..]| b.hypot(d));
    let height = dict
        .get::<[f64; 4]>(FONT_BBOX)
        .map_or(0.0, |[_, bottom, _, top]| (top - bottom).abs());
    // A box of all letters is a little higher than the size of the type.
    let em = scale * if height > 0.0 { height * 0.85 } else { 1000.0 };
    if em.is_finite() && em > 0.0 { em } else { 1.0 }
}
