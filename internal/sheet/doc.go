// Package sheet writes tables that spreadsheets open: XLSX, and CSV in UTF-8 with the mark in
// front that Excel needs. No cell is ever a formula: what people typed is text, whatever it
// begins with. It knows nothing of what the tables are about; internal/intake reads tables.
package sheet
