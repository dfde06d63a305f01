"""The bare mirror, its trees and the notes, over GitPython."""
