package tenfold.pad

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Path
import android.view.MotionEvent
import android.view.View
import tenfold.Point

private const val THICKNESS = 0.05f // of a stroke on the screen, of the pad's shorter side

/** Paper to draw on with one finger or a pen. */
@SuppressLint("ViewConstructor")
class Pad(context: Context, private val drawn: (strokes: List<List<Point>>, pen: Double) -> Unit) : View(context) {
    private val strokes = mutableListOf<MutableList<Point>>()
    private val pen get() = THICKNESS * minOf(width, height)
    private val paint = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeCap = Paint.Cap.ROUND
        strokeJoin = Paint.Join.ROUND
    }

    init {
        setBackgroundColor(Color.WHITE)
        contentDescription = "Pad to draw a digit on"
    }

    fun clear() {
        strokes.clear()
        invalidate()
    }

    @SuppressLint("ClickableViewAccessibility")
    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (event.actionMasked == MotionEvent.ACTION_DOWN) strokes += mutableListOf<Point>()
        val stroke = strokes.lastOrNull() ?: return true // the pad was cleared meanwhile
        for (i in 0 until event.historySize) {
            stroke += Point(event.getHistoricalX(i).toDouble(), event.getHistoricalY(i).toDouble())
        }
        stroke += Point(event.x.toDouble(), event.y.toDouble())
        if (event.actionMasked == MotionEvent.ACTION_UP) drawn(strokes, pen.toDouble())
        invalidate()
        return true
    }

    override fun onDraw(canvas: Canvas) {
        paint.strokeWidth = pen
        for (stroke in strokes) {
            val path = Path()
            path.moveTo(stroke[0].x.toFloat(), stroke[0].y.toFloat())
            for (point in stroke) path.lineTo(point.x.toFloat(), point.y.toFloat())
            canvas.drawPath(path, paint)
        }
    }
}
