// Package demo holds the conference that `diemcau serve --demo` plays: the dialogue of
// Hà Nội's chairman with the citizens about land procedures on 28 October 2022, with its
// 30 districts and the topics such a dialogue is sorted by. It is data; it runs nothing.
package demo
