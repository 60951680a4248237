package tenfold

import kotlin.math.ceil
import kotlin.math.exp
import kotlin.math.floor
import kotlin.math.ln
import kotlin.math.max
import kotlin.math.min
import kotlin.math.round // of two equally near numbers to the even one, as NumPy does
import kotlin.math.sqrt
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** A place on the pad, in any unit; y grows downward. */
data class Point(val x: Double, val y: Double)

/** A digit, or null if the drawing probably shows none, and the probability of the most probable digit. */
data class Answer(val digit: Int?, val probability: Double)

/**
 * What comes before and after the network: a drawing of one digit to the image that it reads, its scores to an answer.
 *
 * @param constants the text of `src/tenfold/base/constants.json`
 * @param thresholds the text of `src/tenfold/models/shipped/thresholds.json`
 */
class Reader(constants: String, thresholds: String) {
    private val shared = Json.parseToJsonElement(constants).jsonObject
    private val form = shared.getValue("form").jsonObject
    private val side = form.number("SIDE").toInt()
    private val inkSide = form.number("INK_SIDE").toInt()
    private val center = form.number("CENTER")
    private val normalize = shared.getValue("normalize").jsonObject
    private val fineSide = normalize.number("FINE").toInt() * inkSide
    // as wide as strokes usually are in MNIST, so that they need not be thickened or thinned
    private val pen = normalize.number("FINE") * (normalize.number("THINNEST") + normalize.number("THICKEST")) / 2
    private val refusal = shared.getValue("refusal").jsonObject
    private val steep = refusal.number("STEEP")
    private val halfSure = refusal.number("HALF_SURE")
    private val alone = Json.parseToJsonElement(thresholds).jsonObject.number("alone")

    /**
     * Turn a drawing into an image like those of MNIST: the longer side of the ink has 20 pixels, its center of mass is
     * in the middle.
     *
     * @param strokes the points of each stroke
     * @param smallest a drawing that is no larger is a tap, not a digit: the width of a stroke on the screen
     * @return 28 rows of 28 pixels, 0 is paper and 255 ink; null for a tap, and without strokes
     */
    fun image(strokes: List<List<Point>>, smallest: Double): ByteArray? {
        val points = strokes.flatten()
        val left = points.minOfOrNull { it.x } ?: return null
        val top = points.minOf { it.y }
        val longest = max(points.maxOf { it.x } - left, points.maxOf { it.y } - top)
        if (longest <= smallest) return null
        val scale = (fineSide - 1 - pen) / longest // 1 for the soft edges
        val margin = (pen + 1) / 2
        return center(shrink(draw(strokes.map { stroke ->
            stroke.map { Point((it.x - left) * scale + margin, (it.y - top) * scale + margin) }
        })))
    }

    /** The answer that the network's ten scores (logits) mean; it is refused as `tenfold.base.refusal` does. */
    fun answer(scores: FloatArray): Answer {
        val highest = scores.max().toDouble()
        val total = ln(scores.sumOf { exp(it - highest) })
        val logarithms = scores.map { it - highest - total } // of the probabilities
        val distance = -logarithms.average() - ln(scores.size.toDouble()) // from even probabilities, in nats
        val certainty = 1 / (1 + exp(steep * (halfSure - distance)))
        val digit = scores.indices.maxBy { scores[it] }
        return Answer(if (certainty >= alone) digit else null, exp(logarithms[digit]))
    }

    /** Ink at the upper left of a raster, full where the pen was, fading over a pixel at its edge. */
    private fun draw(strokes: List<List<Point>>): List<IntArray> {
        // a point is a segment, too
        val segments = strokes.flatMap { stroke -> stroke.zip(stroke.drop(1) + stroke.last()) }
        return List(fineSide) { y ->
            IntArray(fineSide) { x ->
                val squared = segments.minOf { (start, end) -> squaredDistance(x + 0.5, y + 0.5, start, end) }
                round(255 * (pen / 2 + 0.5 - sqrt(squared)).coerceIn(0.0, 1.0)).toInt()
            }
        }
    }

    private fun squaredDistance(x: Double, y: Double, start: Point, end: Point): Double {
        val alongX = end.x - start.x
        val alongY = end.y - start.y
        val awayX = x - start.x
        val awayY = y - start.y
        val squaredLength = max(alongX * alongX + alongY * alongY, 1e-6)
        val share = ((awayX * alongX + awayY * alongY) / squaredLength).coerceIn(0.0, 1.0)
        val besideX = awayX - share * alongX
        val besideY = awayY - share * alongY
        return besideX * besideX + besideY * besideY
    }

    /** Scale until the longer side of the ink has 20 pixels, each the mean of the area that it covers. */
    private fun shrink(ink: List<IntArray>): List<IntArray> {
        val height = 1 + ink.indexOfLast { row -> row.any { it > 0 } }
        val width = 1 + ink.maxOf { row -> row.indexOfLast { it > 0 } }
        val (rows, columns) = Pair(shares(height), shares(width))
        return rows.map { down ->
            IntArray(columns.size) { x ->
                var sum = 0f
                for ((row, partDown) in down) {
                    var sumAcross = 0f
                    for ((column, part) in columns[x]) sumAcross += ink[row][column] * part
                    sum += sumAcross * partDown
                }
                round(sum).toInt()
            }
        }
    }

    /** Which of `length` pixels lie in each larger one that they become, and the share of it that they cover. */
    private fun shares(length: Int): List<List<Pair<Int, Float>>> {
        val count = max(1, round(length * inkSide / fineSide.toDouble()).toInt())
        val step = length / count.toDouble()
        return List(count) { i ->
            val (start, end) = Pair(i * step, (i + 1) * step)
            (floor(start).toInt() until min(ceil(end).toInt(), length)).map {
                Pair(it, ((min(it + 1.0, end) - max(it.toDouble(), start)) / step).toFloat())
            }
        }
    }

    /** Place ink at full strength so that its center of mass is in the middle, or as close to it as it fits. */
    private fun center(small: List<IntArray>): ByteArray {
        val strength = 255f / small.maxOf { it.max() }
        val ink = small.map { row -> FloatArray(row.size) { row[it] * strength } }
        val top = start(ink.map { row -> row.sumOf { it.toDouble() } })
        val left = start(ink[0].indices.map { x -> ink.sumOf { it[x].toDouble() } })
        val image = ByteArray(side * side)
        for ((y, row) in ink.withIndex()) {
            for ((x, level) in row.withIndex()) image[(top + y) * side + left + x] = round(level).toInt().toByte()
        }
        return image
    }

    /** Where ink starts along an axis of the image, given its sums along the other. */
    private fun start(sums: List<Double>): Int {
        val middle = sums.withIndex().sumOf { (i, sum) -> i * sum } / sums.sum()
        return round(center - middle).toInt().coerceIn(0, side - sums.size)
    }
}

private fun JsonObject.number(name: String) = getValue(name).jsonPrimitive.double
