package clips

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"time"
)

// The shape of the clips.
const (
	Count     = 4  // clips 1 … Count
	Frames    = 30 // frames of a clip; only frame 0 is a keyframe
	FrameTime = time.Second / 15
)

// Layers are the sizes of a clip, high to low; their names are the rids of simulcast.
func Layers() []Layer {
	return []Layer{{"h", 1280, 720}, {"m", 640, 360}, {"l", 320, 180}}
}

// Layer is one size.
type Layer struct {
	Name          string
	Width, Height int
}

//go:embed clip*.h264
var files embed.FS

// Clip is one film in one size.
type Clip struct {
	Number int
	Layer  Layer
	// Units are the access units, each a list of NAL units without start codes. Read only.
	Units [][][]byte
}

var errShape = errors.New("not a keyframe followed by 29 other frames")

// Load reads a clip: number 1 … Count.
func Load(number int, layer Layer) (*Clip, error) {
	name := fmt.Sprintf("clip%d-%s.h264", number, layer.Name)
	stream, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	c := &Clip{Number: number, Layer: layer}
	var unit [][]byte
	for nal := range bytes.SplitSeq(stream, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) == 0 {
			continue
		}
		unit = append(unit, nal)
		if kind := nal[0] & 0x1f; kind == 1 || kind == 5 {
			if (kind == 5) != (len(c.Units) == 0) {
				return nil, fmt.Errorf("read clip %s: %w", name, errShape)
			}
			c.Units = append(c.Units, unit)
			unit = nil
		}
	}
	if len(c.Units) != Frames {
		return nil, fmt.Errorf("read clip %s: %w", name, errShape)
	}
	return c, nil
}

const sync = 0xb2

// ReadGrid reads the painted grid of a picture: its luma, one byte a pixel. It returns
// false when there is no grid or its parity is wrong.
func ReadGrid(luma []byte, width, height int) (clip, frame int, ok bool) {
	if width < 40 || height < width/8 || len(luma) < width*height {
		return 0, 0, false
	}
	square := width / 40
	var rows [4]int
	for r := range rows {
		y := square*(r+1) + square/2
		for c := range 8 {
			x := square*(c+1) + square/2
			rows[r] <<= 1
			if luma[y*width+x] >= 128 {
				rows[r] |= 1
			}
		}
	}
	if rows[0] != sync || rows[1]^rows[2] != rows[3] {
		return 0, 0, false
	}
	return rows[1], rows[2], true
}
