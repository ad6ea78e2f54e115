package h264

import "errors"

// Picture is what an SPS says of the pictures.
type Picture struct {
	Width, Height int // pixels, cropped
	Chroma        int // chroma_format_idc: 1 is 4:2:0
	LumaDepth     int // bits
	ChromaDepth   int
}

// ErrSPS is the answer for what is no SPS.
var ErrSPS = errors.New("not a sequence parameter set of H.264")

// maxSide is the longest side an SPS may tell; level 6.2 has no longer one.
const maxSide = 16_384

// ReadPicture reads an SPS, a whole NAL unit (ITU-T H.264 §7.3.2.1.1). Error: ErrSPS.
func ReadPicture(sps []byte) (Picture, error) {
	if len(sps) < 4 || sps[0]&0x1f != typeSPS {
		return Picture{}, ErrSPS
	}
	r := &bits{b: unescape(sps[1:])}
	p := Picture{Chroma: 1, LumaDepth: 8, ChromaDepth: 8}
	profile := r.read(8)
	r.read(16) // constraints, level
	r.ue()     // id
	separate := false
	if high(profile) {
		separate = p.format(r)
	}
	r.ue() // log2_max_frame_num_minus4
	order(r)
	r.ue()    // max_num_ref_frames
	r.read(1) // gaps_in_frame_num_value_allowed_flag
	width, height := int(r.ue())+1, int(r.ue())+1
	frames := int(r.read(1)) // frame_mbs_only_flag
	if frames == 0 {
		r.read(1) // mb_adaptive_frame_field_flag
	}
	r.read(1) // direct_8x8_inference_flag
	if width > maxSide/16 || height > maxSide/16 {
		return Picture{}, ErrSPS
	}
	p.Width, p.Height = width*16, height*16*(2-frames)
	if r.read(1) == 1 {
		p.crop(r, frames, separate)
	}
	if r.over || p.Width < 1 || p.Height < 1 || p.Width > maxSide || p.Height > maxSide {
		return Picture{}, ErrSPS
	}
	return p, nil
}

func high(profile uint32) bool {
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		return true
	}
	return false
}

// format reads what only the high profiles have; it reports separate_colour_plane_flag.
func (p *Picture) format(r *bits) (separate bool) {
	p.Chroma = int(r.ue())
	if p.Chroma == 3 {
		separate = r.read(1) == 1
	}
	p.LumaDepth, p.ChromaDepth = int(r.ue())+8, int(r.ue())+8
	r.read(1)           // qpprime_y_zero_transform_bypass_flag
	if r.read(1) == 1 { // seq_scaling_matrix_present_flag
		lists := 8
		if p.Chroma == 3 {
			lists = 12
		}
		for i := range lists {
			if r.read(1) == 1 {
				scaling(r, i)
			}
		}
	}
	if p.Chroma > 3 || p.LumaDepth > 14 || p.ChromaDepth > 14 {
		r.over = true
	}
	return separate
}

func scaling(r *bits, list int) {
	size, last, next := 16, int32(8), int32(8)
	if list >= 6 {
		size = 64
	}
	for range size {
		if next != 0 {
			next = (last + r.se() + 256) % 256
		}
		if next != 0 {
			last = next
		}
	}
}

// order reads the picture order count's kind.
func order(r *bits) {
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.read(1)
		r.se()
		r.se()
		for range min(r.ue(), 255) {
			r.se()
		}
	}
}

func (p *Picture) crop(r *bits, frames int, separate bool) {
	x, y := 1, 2-frames
	if !separate {
		if p.Chroma == 1 || p.Chroma == 2 {
			x = 2
		}
		if p.Chroma == 1 {
			y *= 2
		}
	}
	left, right, top, bottom := r.ue(), r.ue(), r.ue(), r.ue()
	if max(left, right, top, bottom) > maxSide {
		r.over = true
		return
	}
	p.Width -= x * int(left+right)
	p.Height -= y * int(top+bottom)
}

// unescape takes the bytes out that prevent start codes (§7.4.1).
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	zeros := 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// bits reads bits from the left; over says that there were too few.
type bits struct {
	b    []byte
	at   int
	over bool
}

func (r *bits) read(n int) uint32 {
	var v uint32
	for range n {
		if r.at >= 8*len(r.b) {
			r.over = true
			return 0
		}
		v = v<<1 | uint32(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

// ue reads an unsigned Exp-Golomb number (§9.1).
func (r *bits) ue() uint32 {
	zeros := 0
	for r.read(1) == 0 {
		if zeros++; zeros > 31 || r.over {
			r.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// se reads a signed one.
func (r *bits) se() int32 {
	v := r.ue()
	if v&1 == 1 {
		return int32(v/2 + 1)
	}
	return -int32(v / 2)
}
