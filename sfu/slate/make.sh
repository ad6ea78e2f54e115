#!/bin/sh
# Makes slate.h264, the still that covers the programme when nobody can be shown: one
# keyframe and 19 frames that repeat it, 2 s at 10 frames/s, to be played in a loop.
# Needs ffmpeg with libx264 and freetype, and the Noto Sans fonts (fonts-noto-core).
set -eu
cd "$(dirname "$0")"
fonts=${FONTS:-/usr/share/fonts/truetype/noto}
bold=$fonts/NotoSans-Bold.ttf
text=$fonts/NotoSans-Regular.ttf
for f in "$bold" "$text"; do
	[ -f "$f" ] || { echo "missing font $f: install fonts-noto-core or set FONTS" >&2; exit 1; }
done
ffmpeg -hide_banner -loglevel error -y \
	-f lavfi -i "color=c=0x0b2545:s=1280x720:r=10:d=2" \
	-vf "drawbox=x=0:y=0:w=1280:h=12:color=0xd4a017:t=fill,\
drawbox=x=0:y=708:w=1280:h=12:color=0xd4a017:t=fill,\
drawtext=fontfile=$bold:text='ĐIỂM CẦU':fontsize=88:fontcolor=0xf4d58d:x=(w-tw)/2:y=190,\
drawbox=x=540:y=318:w=200:h=4:color=0xd4a017:t=fill,\
drawtext=fontfile=$bold:text='Chương trình sẽ tiếp tục trong giây lát':fontsize=48:fontcolor=white:x=(w-tw)/2:y=370,\
drawtext=fontfile=$text:text='The programme will resume shortly':fontsize=36:fontcolor=0xc9d6e8:x=(w-tw)/2:y=460" \
	-c:v libx264 -profile:v baseline -level:v 3.1 -pix_fmt yuv420p \
	-preset veryslow -crf 20 -bf 0 -refs 1 -g 20 -keyint_min 20 -sc_threshold 0 \
	-x264-params "repeat-headers=1:slices=1:aud=0" -bsf:v "filter_units=remove_types=6" \
	-f h264 slate.h264
ls -l slate.h264
