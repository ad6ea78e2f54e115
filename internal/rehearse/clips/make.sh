#!/bin/sh
# Makes the clips that rehearsal venues publish: clipN-{h,m,l}.h264 for N = 1…4, three
# sizes of the same 2 s (30 frames, 15/s), one keyframe at the beginning, no B-frames,
# constrained baseline 3.1, to be played in a loop.
#
# Painted in: the clip's number, the frame's number and, for machines, a grid of 8 × 4
# squares, white = 1, the most significant bit on the left. A square is 1/40 of the
# picture's width; the grid begins one square from the top left corner:
#
#	row 0   1 0 1 1 0 0 1 0    (0xb2: here is a grid)
#	row 1   the clip's number
#	row 2   the frame's number, 0…29
#	row 3   row 1 XOR row 2
#
# Needs ffmpeg with libx264 and freetype, and the Noto Sans fonts (fonts-noto-core).
set -eu
cd "$(dirname "$0")"
fonts=${FONTS:-/usr/share/fonts/truetype/noto}
bold=$fonts/NotoSans-Bold.ttf
[ -f "$bold" ] || { echo "missing font $bold: install fonts-noto-core or set FONTS" >&2; exit 1; }

# grid CLIP SQUARE prints the filters that paint the grid.
grid() {
	clip=$1 s=$2
	printf 'drawbox=x=%d:y=%d:w=%d:h=%d:color=black:t=fill' $((s / 2)) $((s / 2)) $((s * 9)) $((s * 5))
	for bit in 7 6 5 4 3 2 1 0; do
		x=$((s * (8 - bit))) mask=$((1 << bit))
		box="drawbox=x=$x:w=$s:h=$s:color=white:t=fill"
		[ $((0xb2 & mask)) -eq 0 ] || printf ',%s:y=%d' "$box" "$s"
		[ $((clip & mask)) -eq 0 ] || printf ',%s:y=%d' "$box" $((2 * s))
		printf ",%s:y=%d:enable='gt(bitand(n,%d),0)'" "$box" $((3 * s)) "$mask"
		if [ $((clip & mask)) -eq 0 ]; then
			printf ",%s:y=%d:enable='gt(bitand(n,%d),0)'" "$box" $((4 * s)) "$mask"
		else
			printf ",%s:y=%d:enable='eq(bitand(n,%d),0)'" "$box" $((4 * s)) "$mask"
		fi
	done
}

# clip NUMBER LAYER WIDTH HEIGHT KBIT COLOURS
clip() {
	n=$1 layer=$2 w=$3 h=$4 kbit=$5 colours=$6
	out=clip$n-$layer.h264
	ffmpeg -hide_banner -loglevel error -y \
		-f lavfi -i "gradients=s=${w}x$h:r=15:d=2:$colours:speed=0.04:seed=7" \
		-vf "drawtext=fontfile=$bold:text='ĐIỂM CẦU $n':fontsize=h/8:fontcolor=white:x=(w-tw)/2:y=h*0.42,\
drawtext=fontfile=$bold:text='%{frame_num}':fontsize=h/5:fontcolor=white:x=(w-tw)/2:y=h*0.66,\
$(grid "$n" $((w / 40))),format=yuv420p" \
		-c:v libx264 -profile:v baseline -level:v 3.1 -preset veryslow \
		-b:v "${kbit}k" -maxrate "${kbit}k" -bufsize "$((kbit / 2))k" -bf 0 -refs 1 -g 30 -keyint_min 30 -sc_threshold 0 \
		-x264-params "repeat-headers=1:slices=1:aud=0" -bsf:v "filter_units=remove_types=6" \
		-f h264 "$out"
}

n=1
for colours in 'c0=0x14532d:c1=0x0f766e' 'c0=0x1e3a8a:c1=0x4338ca' 'c0=0x7c2d12:c1=0x92400e' 'c0=0x581c87:c1=0x831843'; do
	clip $n h 1280 720 700 "$colours:nb_colors=2"
	clip $n m 640 360 300 "$colours:nb_colors=2"
	clip $n l 320 180 100 "$colours:nb_colors=2"
	n=$((n + 1))
done
du -cb clip*.h264 | tail -1
