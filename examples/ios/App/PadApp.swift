import Digit
import SwiftUI

private let prompt = "Draw a digit"
private let thickness = 0.05 // of a stroke on the screen, of the pad's shorter side

@main
struct PadApp: App {
    var body: some Scene {
        WindowGroup { ContentView() }
    }
}

/// What reads: the steps around the network, and the network.
private struct Model {
    let reader: Reader
    let network: Network

    init() throws {
        reader = try Reader(
            constants: Data(contentsOf: resource("constants", "json")),
            thresholds: Data(contentsOf: resource("thresholds", "json"))
        )
        network = try Network()
    }

    /// What the app says of a drawing.
    func read(_ strokes: [[Point]], pen: Double) throws -> String {
        guard let image = reader.image(strokes, smallest: pen) else { return prompt }
        let answer = try reader.answer(network.scores(image))
        guard let digit = answer.digit else { return "no digit" }
        if answer.probability > 0.999 { return "\(digit)  > 99.9 %" }
        return "\(digit)  \(String(format: "%.1f", 100 * answer.probability)) %"
    }
}

/// A pad, what was read on it, and a button that clears it.
struct ContentView: View {
    @State private var strokes: [[Point]] = []
    @State private var isDrawing = false
    @State private var text = prompt
    @State private var model = Result { try Model() }

    var body: some View {
        VStack {
            GeometryReader { geometry in
                let pen = thickness * min(geometry.size.width, geometry.size.height)
                Canvas { context, _ in
                    var path = Path()
                    for stroke in strokes {
                        path.move(to: CGPoint(x: stroke[0].x, y: stroke[0].y))
                        for point in stroke { path.addLine(to: CGPoint(x: point.x, y: point.y)) }
                    }
                    let style = StrokeStyle(lineWidth: pen, lineCap: .round, lineJoin: .round)
                    context.stroke(path, with: .color(.black), style: style)
                }
                .background(.white)
                .gesture(
                    DragGesture(minimumDistance: 0)
                        .onChanged { drag in
                            if !isDrawing { strokes.append([]) }
                            isDrawing = true
                            strokes[strokes.count - 1].append(Point(x: drag.location.x, y: drag.location.y))
                        }
                        .onEnded { _ in
                            isDrawing = false
                            read(pen)
                        }
                )
                .accessibilityLabel("Pad to draw a digit on")
            }
            Text(text).font(.largeTitle)
            Button("Clear") {
                strokes = []
                text = prompt
            }
            .padding()
        }
    }

    private func read(_ pen: Double) {
        do {
            text = try model.get().read(strokes, pen: pen)
        } catch {
            text = "\(error)"
        }
        UIAccessibility.post(notification: .announcement, argument: text)
    }
}
