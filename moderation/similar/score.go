package similar

import "math"

// The thresholds of Match.Score, chosen on the dev half of testdata/pairs.tsv.
const (
	// ThresholdAsk is for showing to the asker before sending: most of what is shown asks
	// the same.
	ThresholdAsk = 0.55
	// ThresholdCard is for showing beside the moderator's card: little that asks the same
	// is missed, and a person looks at it.
	ThresholdCard = 0.45
)

// What a word counts before its rarity is known.
const (
	weightCommon = 0.6
	weightAspect = 1.5
)

// What each family of features gives to the score; names only tell texts apart.
const (
	shareWord   = 0.45
	sharePair   = 0.15
	shareTriple = 0.4
)

// How the score is made.
const (
	// containment is how much a short question counts as found in a long one.
	containment = 0.4
	// containedMass is the rarity (squared) at which half of containment counts: that two
	// words occur in a long text says nothing.
	containedMass = 50
	// otherAspect and noAspect multiply the score when both ask for different aspects,
	// or only one names an aspect.
	otherAspect = 0.4
	noAspect    = 0.8
	// otherNames multiplies the score when both name places, years or the like, and none
	// in common.
	otherNames = 0.65
)

// prior is how many questions every feature is taken to have been in already, and priorAll
// how many questions there were: a young conference knows little about rarity.
const (
	prior    = 3
	priorAll = 600
	// leastRarity is what a feature of all questions still counts.
	leastRarity = 0.1
)

// shares returns them as a list.
func shares() [families]float64 { return [families]float64{shareWord, sharePair, shareTriple, 0} }

// massScale makes whole numbers of squared weights.
const massScale = 4096

// masses are sums of squared weights per family, in units of 1/massScale.
type masses [families]uint64

// score compares two texts by the mass of their features: own, other, and both. It is 1
// for equal texts and in 0..1 always.
func score(own, other, both masses) float64 {
	total, weight := 0.0, 0.0
	for family, share := range shares() {
		most, least := max(own[family], other[family]), min(own[family], other[family])
		if most == 0 {
			continue
		}
		weight += share
		if least == 0 {
			continue
		}
		common := float64(both[family])
		cosine := common / math.Sqrt(float64(most)*float64(least))
		found := common / float64(least)
		known := float64(least) / (float64(least) + containedMass*massScale)
		total += share * (cosine + containment*known*(found-cosine))
	}
	if weight == 0 {
		return 0
	}
	total /= weight
	if own[familyName] > 0 && other[familyName] > 0 && both[familyName] == 0 {
		total *= otherNames
	}
	return min(1, total)
}

// aspectFactor lowers the score of texts that ask for different aspects.
func aspectFactor(a, b uint16) float64 {
	switch {
	case a&b != 0 || a == b:
		return 1
	case a == 0 || b == 0:
		return noAspect
	default:
		return otherAspect
	}
}

// logs holds ln(n) for whole numbers in steps of 1/64 of an octave, so that a rarity costs
// no logarithm.
type logs [32 * 64]float32

func newLogs() *logs {
	var l logs
	for i := range l {
		octave, step := i/64, i%64
		l[i] = float32(math.Log(math.Ldexp(1+(float64(step)+0.5)/64, octave)))
	}
	return &l
}

// ln returns the natural logarithm of n ≥ 1, to within 1 %.
func (l *logs) ln(n uint32) float32 {
	bits := math.Float32bits(float32(n))
	return l[(bits>>17)-127<<6]
}
