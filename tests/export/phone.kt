// Drives the Android sample's reader: constants, thresholds; then drawings with scores on standard input, a line each.
import java.io.File
import tenfold.Point
import tenfold.Reader

fun main(files: Array<String>) {
    val (constants, thresholds) = files.map { File(it).readText() }
    val reader = Reader(constants, thresholds)
    for (line in generateSequence(::readLine)) {
        val (drawing, scores) = line.split("|")
        val strokes = drawing.split(";").map { stroke ->
            stroke.split(" ").map { it.toDouble() }.chunked(2) { (x, y) -> Point(x, y) }
        }
        val image = reader.image(strokes, smallest = 3.0)?.joinToString(" ") { (it.toInt() and 255).toString() }
        val answer = reader.answer(scores.split(" ").map { it.toFloat() }.toFloatArray())
        println("${image ?: "tap"}|${answer.digit ?: "none"}|${answer.probability}")
    }
}
