package clips_test

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/diemcau/diemcau/internal/rehearse/clips"
)

// TestEveryFrameTellsWhatItIs lets ffmpeg decode the clips and reads the painted grid.
func TestEveryFrameTellsWhatItIs(t *testing.T) {
	t.Parallel()
	total := 0
	for number := 1; number <= clips.Count; number++ {
		for _, layer := range clips.Layers() {
			clip, err := clips.Load(number, layer)
			if err != nil {
				t.Fatal(err)
			}
			var stream bytes.Buffer
			for range 2 { // it must go on in a loop
				for _, unit := range clip.Units {
					for _, nal := range unit {
						stream.Write([]byte{0, 0, 0, 1})
						stream.Write(nal)
					}
				}
			}
			total += stream.Len() / 2
			pictures := decode(t, stream.Bytes())
			size := layer.Width * layer.Height
			if got, want := len(pictures), 2*clips.Frames*size; got != want {
				t.Fatalf("clip %d-%s: got %d bytes of pictures, want %d", number, layer.Name, got, want)
			}
			for i := range 2 * clips.Frames {
				c, f, ok := clips.ReadGrid(pictures[i*size:(i+1)*size], layer.Width, layer.Height)
				if !ok || c != number || f != i%clips.Frames {
					t.Errorf("clip %d-%s picture %d: got clip %d frame %d (%v)", number, layer.Name, i, c, f, ok)
				}
			}
		}
	}
	if total > 2<<20 {
		t.Errorf("got %d bytes of clips, want ≤ 2 MiB", total)
	}
}

func decode(t *testing.T, stream []byte) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "h264", "-i", "-",
		"-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	cmd.Stdin = bytes.NewReader(stream)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		t.Fatalf("decode: %v %s", err, problems.String())
	}
	return out.Bytes()
}

func TestUnknownClip(t *testing.T) {
	t.Parallel()
	if _, err := clips.Load(clips.Count+1, clips.Layers()[0]); err == nil {
		t.Error("got a clip that does not exist")
	}
}

func TestNoGridInNoise(t *testing.T) {
	t.Parallel()
	for _, fill := range []byte{0, 255} {
		if _, _, ok := clips.ReadGrid(bytes.Repeat([]byte{fill}, 640*360), 640, 360); ok {
			t.Errorf("found a grid in a picture of %d", fill)
		}
	}
}
